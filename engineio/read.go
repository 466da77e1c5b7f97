package engineio

import (
	"encoding/base64"
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
func (c *Conn) read(w *wire) {
	if c.readToPong(w) {
		c.Go(func() { c.read(w) })
	}
}

// readToPong reads until the connection ended, or until a pong after something
// was delivered (true).
func (c *Conn) readToPong(w *wire) bool {
	defer w.in.recycle()
	for delivered := false; ; {
		op, data, err := w.in.next()
		pong := op == ws.OpText && len(data) == 1 && data[0] == packetPong
		if err == nil {
			err = c.frame(w, op, data)
		}
		if err != nil {
			c.readEnded(w, err)
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
func (c *Conn) frame(w *wire, op ws.OpCode, data []byte) error {
	switch {
	case op == ws.OpClose:
		return c.peerClosed(data)
	case c.Ended():
		return nil
	case op == ws.OpPing:
		w.pace(c)
		c.sendPong(data)
		return nil
	case op == ws.OpPong:
		w.pace(c) // [RFC6455:5.5.3] may come unasked
		return nil
	case op == ws.OpBinary:
		c.receiver.Message(data, true) // [eio4:binary]
		return nil
	}
	return c.packet(data)
}

// packet handles one text packet of either transport. [eio4:packet]
func (c *Conn) packet(data []byte) error {
	if len(data) == 0 {
		return protocolError{codeProtocol, "empty packet", ReasonParseError}
	}
	switch data[0] {
	case packetMessage:
		c.receiver.Message(data[1:], false) // [eio4:message]
		return nil
	case packetBase64:
		return c.base64(data[1:])
	case packetPong:
		return c.pong() // [eio4:heartbeat]
	case packetPing, packetNoop, packetUpgrade:
		return c.unsolicited() // in this revision only servers ping, and upgrades are asked for by a probe
	case packetClose:
		c.finish(closing{how: left, code: codeNormal}) // [eio4:close]
		return nil
	}
	return protocolError{codeProtocol, "unknown packet type", ReasonParseError} // [eio4:invalid]
}

// base64 hands over a binary message. [eio4:base64]
func (c *Conn) base64(text []byte) error {
	data := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(data, text)
	if err != nil {
		return protocolError{codeProtocol, "invalid base64", ReasonParseError}
	}
	c.receiver.Message(data[:n], true)
	return nil
}

// peerClosed answers the peer's close frame. [RFC6455:5.5.1]
func (c *Conn) peerClosed(data []byte) error {
	code, err := closeBody(data)
	if err != nil {
		return err
	}
	c.finish(closing{how: left, code: code})
	return errClosed
}

// readEnded ends the reading goroutine.
func (c *Conn) readEnded(w *wire, err error) {
	var fx effects
	fault, faulty := errors.AsType[protocolError](err)
	c.mu.Lock()
	switch {
	case faulty:
		w.garbled = true
		c.shut(&fx, fault.closing())
	case err == errClosed:
		w.readOver = true
		if !c.writing && c.out.empty() {
			c.vanish(&fx, true) // our close frame went before
		}
	default:
		w.readOver = true
		c.shut(&fx, closing{how: lost, why: transportReason(err), code: codeAbnormal})
		c.vanish(&fx, false)
	}
	if faulty && c.state == ended && !c.writing && c.out.empty() {
		fx.hang = w
	}
	c.mu.Unlock()
	c.apply(fx)
	if faulty {
		c.drain(w)
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
func (c *Conn) drain(w *wire) {
	_ = w.in.untimed() // a broken connection ends the loop at once
	for {
		if _, err := w.conn.Read(w.in.buf[:]); err != nil {
			break
		}
	}
	var fx effects
	c.mu.Lock()
	w.readOver = true
	c.vanish(&fx, false)
	c.mu.Unlock()
	c.apply(fx)
}
