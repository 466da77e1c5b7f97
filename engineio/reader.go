package engineio

import (
	"errors"
	"io"

	"github.com/gobwas/ws"
)

// read is the reading goroutine of a websocket connection.
//
// A goroutine's stack does not shrink while it waits inside a TLS read, so one deep call
// of a receiver would cost memory as long as the connection lives. Therefore, after
// delivering a message, a reader is replaced at the next pong by one with a small stack.
func (w *webSocket) read() {
	if w.readToPong() {
		w.conn.Go(w.read)
	}
}

// readToPong reads until the connection ends. It returns true at the first pong after a
// delivered message.
func (w *webSocket) readToPong() bool {
	in := &w.wire.in
	defer in.recycle()
	for delivered := false; ; {
		op, data, err := in.next()
		pong := op == ws.OpText && len(data) == 1 && data[0] == packetPong
		if err == nil {
			err = w.frame(op, data)
		}
		if err != nil {
			w.readEnded(err)
			return false
		}
		if pong && delivered {
			return true
		}
		delivered = delivered || !pong
	}
}

// errClosed stops the reader after the peer's close frame.
var errClosed = errors.New("engineio: peer closed")

// frame handles one message or control frame. After the connection has ended, only the
// peer's close frame matters.
func (w *webSocket) frame(op ws.OpCode, data []byte) error {
	c := w.conn
	switch {
	case op == ws.OpClose:
		return w.peerClosed(data)
	case c.Ended():
		return nil
	case op == ws.OpPing:
		w.wire.pace(c)
		w.sendPong(data)
		return nil
	case op == ws.OpPong:
		w.wire.pace(c) // [RFC6455:5.5.3] may be unsolicited
		return nil
	case op == ws.OpBinary:
		c.receiver.Message(data, true) // [eio4:binary]
		return nil
	}
	return c.packet(data)
}

// peerClosed answers the peer's close frame. [RFC6455:5.5.1]
func (w *webSocket) peerClosed(data []byte) error {
	code, err := closeBody(data)
	if err != nil {
		return err
	}
	w.conn.finish(closing{how: left, code: code, reason: ReasonTransportClose})
	return errClosed
}

// readEnded is called when the reading goroutine ends.
func (w *webSocket) readEnded(err error) {
	c := w.conn
	var fx effects
	fault, faulty := errors.AsType[protocolError](err)
	c.mu.Lock()
	switch {
	case faulty:
		w.garbled = true
		c.shut(&fx, fault.closing())
	case err == errClosed:
		w.readOver = true
		if !w.writing && c.out.empty() {
			w.vanish(&fx, true) // our close frame was sent before
		}
	default:
		w.readOver = true
		c.shut(&fx, closing{how: lost, why: transportReason(err), code: codeAbnormal})
		w.vanish(&fx, false)
	}
	if faulty && c.state == ended && !w.writing && c.out.empty() {
		fx.hang = w.wire
	}
	c.mu.Unlock()
	c.apply(fx)
	if faulty {
		w.drain()
	}
}

// transportReason returns the Reason for the end of a connection without a close frame.
func transportReason(err error) string {
	if errors.Is(err, io.EOF) {
		return ReasonTransportClose
	}
	return ReasonTransportError
}

// drain discards what the peer sends after a protocol error until the connection is
// closed. Closing it with unread bytes would reset the connection, and the peer would
// lose the close frame.
func (w *webSocket) drain() {
	c, in := w.conn, &w.wire.in
	_ = in.untimed() // a broken connection ends the loop at once
	for {
		if _, err := in.conn.Read(in.buf[:]); err != nil {
			break
		}
	}
	var fx effects
	c.mu.Lock()
	w.readOver = true
	w.vanish(&fx, false)
	c.mu.Unlock()
	c.apply(fx)
}
