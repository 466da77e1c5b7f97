package realtime

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/wire"
	"github.com/turnike/turnike/socketio"
)

// eventPing is an event that clients send by a timer, our own page included.
const eventPing = "ping_manual"

// ping handles ping_manual.
func (s handlers) ping(_ context.Context, sock *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
	sock.Send(pongTo(ack, args, time.Now()))
}

// pongTo returns the answer to ping_manual.
func pongTo(ack *socketio.Ack, args socketio.Args, now time.Time) *engineio.Payload {
	p := pongBody(args, now)
	return engineio.Concat(answer(ack, p), encode(eventPong, p))
}

// pongBody returns the object that answers ping_manual. Its echo is what the client
// sent; a Buffer stays a Buffer.
func pongBody(args socketio.Args, now time.Time) any {
	if len(args) == 0 {
		return pong(now, nil)
	}
	if args[0].HasBinary() {
		return binaryPong{wire.Timestamp(now), now.UnixMilli(), args[0]}
	}
	return pong(now, args[0].JSON())
}

// pong returns the object for an echo without attachments, or without any echo. It
// writes JSON by hand because clients may send ping_manual all the time.
func pong(now time.Time, echo json.RawMessage) socketio.JSON {
	b := make([]byte, 0, 128+len(echo))
	b = append(b, `{"timestamp":"`...)
	b = wire.AppendTimestamp(b, now)
	b = append(b, `","server_time_ms":`...)
	b = strconv.AppendInt(b, now.UnixMilli(), 10)
	b = append(b, `,"echo":`...)
	if len(echo) == 0 {
		return append(b, `null}`...)
	}
	if compact(echo) {
		return append(append(b, echo...), '}')
	}
	buf := bytes.NewBuffer(b)
	if err := json.Compact(buf, echo); err != nil {
		panic(err) // it was read as JSON
	}
	return append(buf.Bytes(), '}')
}

// binaryPong is what pong returns, for an echo with attachments.
type binaryPong struct {
	Timestamp    string       `json:"timestamp"`
	ServerTimeMS int64        `json:"server_time_ms"`
	Echo         socketio.Arg `json:"echo"`
}

// compact reports whether a valid JSON text contains no white space. Spaces in a
// string make it return false, too.
func compact(text json.RawMessage) bool {
	for _, c := range text {
		if c <= ' ' {
			return false
		}
	}
	return true
}
