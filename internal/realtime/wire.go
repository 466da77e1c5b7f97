package realtime

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/socketio"
)

// Names of the events the server sends.
const (
	eventResponse        = "response"
	eventUserStatus      = "user_status"
	eventSlots           = "connection_slots"
	eventOnlineUsers     = "online_users"
	eventPresenceSync    = "presence_sync"
	eventPong            = "pong_manual"
	eventSessionEnded    = "session_ended"
	eventConnectionEnded = "connection_ended"
)

type userInfo struct {
	Username string `json:"username"`
	Role     string `json:"role"`
	Pool     string `json:"pool"`
}

type registered struct {
	OK        bool     `json:"ok"`
	Username  string   `json:"username"`
	SID       string   `json:"sid"` // the socket id, as in the seed
	User      userInfo `json:"user"`
	ExpiresAt string   `json:"expires_at"`
	GraceMS   int64    `json:"grace_ms"`
}

type failure struct {
	OK         bool   `json:"ok"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	Pool       string `json:"pool,omitempty"`
	Max        *int   `json:"max,omitempty"`
	Used       *int   `json:"used,omitempty"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
}

type userStatus struct {
	Username string         `json:"username"`
	Status   session.Status `json:"status"`
	Since    string         `json:"since"`
	Reason   string         `json:"reason,omitempty"`
	Count    int            `json:"count"`
	Epoch    string         `json:"epoch"`
	Seq      int64          `json:"seq"`
}

type slots struct {
	Pool      string `json:"pool"`
	Max       int    `json:"max"`
	Used      int    `json:"used"`
	Available int    `json:"available"`
	Epoch     string `json:"epoch"`
	Seq       int64  `json:"seq"`
}

// presentUser is an entry of presence_sync; the list around it is written by
// view.list.
type presentUser struct {
	Username    string         `json:"username"`
	State       session.Status `json:"state"`
	Since       string         `json:"since"`
	Connections int            `json:"connections"`
}

type ended struct {
	Code      string `json:"code"`
	Reason    string `json:"reason"`
	Message   string `json:"message"`
	At        string `json:"at"`
	Reconnect bool   `json:"reconnect"`
}

// refusal is the data of a connect_error.
type refusal struct {
	Code       string  `json:"code"`
	Retry      bool    `json:"retry"`
	Reason     *string `json:"reason,omitempty"`
	At         string  `json:"at,omitempty"`
	RetryAfter int     `json:"retry_after,omitempty"` // seconds
}

// timestamp is how the contract writes times: RFC 3339, UTC, milliseconds.
func timestamp(t time.Time) string { return string(appendTimestamp(nil, t)) }

// appendTimestamp adds the milliseconds itself: package time is quick at RFC 3339
// only without them.
func appendTimestamp(b []byte, t time.Time) []byte {
	t = t.UTC()
	b = t.AppendFormat(b, time.RFC3339)
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(b[:len(b)-len("Z")], '.', '0'+byte(ms/100), '0'+byte(ms/10%10), '0'+byte(ms%10), 'Z')
}

// pong is what ping_manual is answered, written by hand: it is the only event
// that a client may send all the time. Echo is what the client sent, if anything.
func pong(now time.Time, echo json.RawMessage) socketio.JSON {
	b := make([]byte, 0, 128+len(echo))
	b = append(b, `{"timestamp":"`...)
	b = appendTimestamp(b, now)
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

// binaryPong is pong for an echo with attachments.
type binaryPong struct {
	Timestamp    string       `json:"timestamp"`
	ServerTimeMS int64        `json:"server_time_ms"`
	Echo         socketio.Arg `json:"echo"`
}

// compact tells that a valid JSON text has nothing to lose; the spaces of a
// string it takes for some.
func compact(text json.RawMessage) bool {
	for _, c := range text {
		if c <= ' ' {
			return false
		}
	}
	return true
}

// seconds rounds up, so that who waits that long does not come too early.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// marshal encodes as JSON.stringify does: nothing escaped that need not be.
func marshal(v any) json.RawMessage {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // only strings and the types of this file come here
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// encode makes an event ready to be sent to any number of sockets.
func encode(event string, v any) *engineio.Payload {
	p, err := socketio.EncodeEvent("/", event, v)
	if err != nil {
		panic(err) // only the types of this file come here
	}
	return p
}

// answer is an ack, if one is wanted, of the same object.
func answer(ack *socketio.Ack, v any) *engineio.Payload {
	p, err := ack.Payload(v)
	if err != nil {
		panic(err) // only the types of this file come here
	}
	return p
}
