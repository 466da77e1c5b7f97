package engineio

import (
	"encoding/binary"

	"github.com/gobwas/ws"
)

// Close codes of the websocket protocol. [RFC6455:7.4.1]
const (
	codeNormal   = 1000
	codeProtocol = 1002
	codeNone     = 1005 // never on the wire
	codeAbnormal = 1006 // never on the wire
	codeEncoding = 1007
	codePolicy   = 1008
	codeTooBig   = 1009
	codeInternal = 1011
)

// protocolError is a peer's fault that ends the connection with its code.
type protocolError struct {
	code   int
	reason string
}

// Error implements error.
func (e protocolError) Error() string { return "engineio: " + e.reason }

// closeFrame encodes a websocket close frame. [RFC6455:5.5.1]
func closeFrame(code int, reason string) *Payload {
	var body []byte
	if code != 0 && code != codeNone && code != codeAbnormal {
		body = binary.BigEndian.AppendUint16(body, uint16(code))
		body = append(body, validReason(reason)...)
	}
	return controlFrame(ws.OpClose, body)
}

// controlFrame encodes a control frame of at most 125 bytes.
func controlFrame(op ws.OpCode, body []byte) *Payload {
	return &Payload{frames: append(appendHeader(nil, op, len(body)), body...)}
}
