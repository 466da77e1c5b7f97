package engineio

import (
	"errors"
	"io"

	"github.com/gobwas/ws"
)

// read is the reading goroutine of a websocket connection.
//
// A stack grows and does not shrink again while the goroutine waits inside a TLS
// read: what a receiver ran here once would be paid for as long as the connection
// lives. So a reader that has delivered something makes way, at the next pong,
// for one with a small stack.
func (w *webSocket) read() {
	if w.readToPong() {
		w.conn.Go(w.read)
	}
}

// readToPong reads until the connection ended, or until a pong after something
// was delivered (true).
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

// errClosed ends the reading after the peer's close frame.
var errClosed = errors.New("engineio: peer closed")

// frame handles one message or control frame. Once the connection ended only
// the peer's close frame counts.
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
		w.wire.pace(c) // [RFC6455:5.5.3] may come unasked
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

// readEnded ends the reading goroutine.
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
			w.vanish(&fx, true) // our close frame went before
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

// transportReason names the end of a connection without a close frame.
func transportReason(err error) string {
	if errors.Is(err, io.EOF) {
		return ReasonTransportClose
	}
	return ReasonTransportError
}

// drain throws away what the peer sends after a fault until it closes or is cut:
// closing with unread bytes would reset the connection, and the peer lose the
// close frame.
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
