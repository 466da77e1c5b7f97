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

	// packetBase64 is a binary message where frames of its own are not to be had:
	// on polling, and on a websocket whose client asked for it. [eio4:base64]
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
		return c.unsolicited() // in this revision only servers ping, and upgrades are asked for by a probe
	case packetClose:
		c.finish(closing{how: left, code: codeNormal, reason: ReasonTransportClose}) // [eio4:close]
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

// maxUnasked is how many packets that ask for nothing and answer nothing a peer
// may send in a second. [SEC-44]
const maxUnasked = 2

// unsolicited counts a ping, pong, noop or "upgrade" nobody asked for.
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
