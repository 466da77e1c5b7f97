package engineio

import (
	"encoding/base64"
	"time"
)

// Packet types. [eio4:packet]
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'

	// packetBase64 is a binary message where binary frames are not available: on
	// polling, and on a websocket whose client asked for base64. [eio4:base64]
	packetBase64 = 'b'
)

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
		return c.unsolicited() // in this revision only servers ping, and upgrades begin with a probe
	case packetClose:
		c.finish(closing{how: left, code: codeNormal, reason: ReasonTransportClose}) // [eio4:close]
		return nil
	}
	return protocolError{codeProtocol, "unknown packet type", ReasonParseError} // [eio4:invalid]
}

// base64 decodes a binary message and delivers it. [eio4:base64]
func (c *Conn) base64(text []byte) error {
	data := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(data, text)
	if err != nil {
		return protocolError{codeProtocol, "invalid base64", ReasonParseError}
	}
	c.receiver.Message(data[:n], true)
	return nil
}

// maxUnasked is the number of unsolicited packets that a peer may send in one second.
// [SEC-44]
const maxUnasked = 2

// unsolicited counts an unsolicited ping, pong, noop or "upgrade".
func (c *Conn) unsolicited() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.countUnasked()
}

func (c *Conn) countUnasked() error {
	now := c.server.now()
	if c.unaskedFrom == 0 || now-c.unaskedFrom >= time.Second {
		c.unaskedFrom, c.unasked = max(now, 1), 0
	}
	c.unasked++
	if c.unasked > maxUnasked {
		return protocolError{codePolicy, "too many unsolicited packets", ReasonForcedClose}
	}
	return nil
}
