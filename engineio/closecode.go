package engineio

import (
	"encoding/binary"
	"unicode/utf8"

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

// protocolError is a peer's violation of the protocol; it ends the connection with code.
type protocolError struct {
	code   int
	reason string // a detail
	why    string // a Reason
}

// closing returns the end that the error causes.
func (e protocolError) closing() closing {
	return closing{how: aborted, why: e.why, code: e.code, reason: e.reason}
}

// Error implements error.
func (e protocolError) Error() string { return "engineio: " + e.reason }

// onWire reports whether a close frame may carry a code: those that the protocol
// or its registry defines, and those of libraries and applications. 1004, 1005,
// 1006 and 1015 are reserved, 1016 to 2999 are not assigned, and what is below
// 1000 or above 4999 is undefined. [RFC6455:7.4]
func onWire(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014:
		return true
	}
	return code >= 3000 && code <= 4999
}

// closeBody reads the body of a peer's close frame. [RFC6455:5.5.1]
func closeBody(data []byte) (code int, err error) {
	switch {
	case len(data) == 0:
		return codeNone, nil
	case len(data) == 1:
		return 0, protocolError{codeProtocol, "close frame of one byte", ReasonTransportError}
	}
	code = int(binary.BigEndian.Uint16(data))
	switch {
	case !onWire(code):
		return 0, protocolError{codeProtocol, "close code that is not allowed", ReasonTransportError}
	case !utf8.Valid(data[2:]):
		return 0, protocolError{codeEncoding, "close reason is not UTF-8", ReasonTransportError}
	}
	return code, nil
}

// closeFrame encodes a websocket close frame, an empty one when the code may not
// be on the wire. [RFC6455:5.5.1]
func closeFrame(code int, reason string) *Payload {
	var body []byte
	if onWire(code) {
		body = binary.BigEndian.AppendUint16(body, uint16(code))
		body = append(body, validReason(reason)...)
	}
	return controlFrame(ws.OpClose, body)
}

// controlFrame encodes a control frame of at most 125 bytes.
func controlFrame(op ws.OpCode, body []byte) *Payload {
	return &Payload{frames: append(appendHeader(nil, op, len(body)), body...)}
}
