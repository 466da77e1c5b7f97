package socketio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/turnike/turnike/engineio"
)

// EncodeEvent encodes an event of a namespace once, for any number of sockets:
// see [Socket.Send]. Arguments that are a []byte or [Binary] become attachments.
func EncodeEvent(namespace, name string, args ...any) (*engineio.Payload, error) {
	return encode(event, namespace, 0, false, &name, args)
}

// encode encodes an event or acknowledgement. [sio5:json] The JSON is what a
// JavaScript server writes: no spaces, nothing escaped that need not be.
func encode(kind packetType, namespace string, id uint64, hasID bool, name *string, args []any) (*engineio.Payload, error) {
	attachments := 0
	for _, arg := range args {
		if _, ok := attachment(arg); ok {
			attachments++
		}
	}
	if attachments > 0 {
		kind += binaryEvent - event // [sio5:binary] [sio5:binary-ack]
	}
	var scratch [64]byte
	head := appendHead(scratch[:0], kind, attachments, namespace, id, hasID)
	if raw, ok := soleJSON(args); ok {
		return encodeSole(head, name, raw)
	}

	body := bytes.NewBuffer(make([]byte, 0, max(256, 64+encodedLen(args))))
	body.WriteByte('[')
	if name != nil {
		if err := writeJSON(body, *name); err != nil {
			return nil, err
		}
	}
	payloads := make([]*engineio.Payload, 1, 1+attachments)
	for i, arg := range args {
		if i > 0 || name != nil {
			body.WriteByte(',')
		}
		if data, ok := attachment(arg); ok {
			body.WriteString(`{"_placeholder":true,"num":`)
			body.WriteString(strconv.Itoa(len(payloads) - 1))
			body.WriteByte('}')
			payloads = append(payloads, engineio.Binary(data))
			continue
		}
		if err := writeJSON(body, arg); err != nil {
			return nil, fmt.Errorf("socketio: argument %d: %w", i, err)
		}
	}
	body.WriteByte(']')
	payloads[0] = engineio.Text(head, body.Bytes()) // [sio5:message] [sio5:attachments]
	return engineio.Concat(payloads...), nil
}

// soleJSON returns the only argument when it is encoded already.
func soleJSON(args []any) (raw JSON, ok bool) {
	if len(args) == 1 {
		raw, ok = args[0].(JSON)
	}
	return raw, ok
}

// encodeSole is encode for [soleJSON]: what is answered most and sent to the
// most is copied once, into its frame.
func encodeSole(head []byte, name *string, raw JSON) (*engineio.Payload, error) {
	var scratch [64]byte
	open := append(scratch[:0], '[')
	if name != nil {
		quoted, err := appendString(open, *name)
		if err != nil {
			return nil, err
		}
		open = append(quoted, ',')
	}
	return engineio.Text(head, open, raw, []byte{']'}), nil
}

// appendString is writeJSON for a string, which as a rule is its own JSON.
func appendString(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted := new(bytes.Buffer)
			err := writeJSON(quoted, s)
			return append(b, quoted.Bytes()...), err
		}
	}
	return append(append(append(b, '"'), s...), '"'), nil
}

// attachment returns the data of an argument that travels as an attachment.
func attachment(arg any) ([]byte, bool) {
	switch v := arg.(type) {
	case []byte:
		return v, true
	case Binary:
		return v, true
	}
	return nil, false
}

// encodedLen is how long the arguments are that are encoded already.
func encodedLen(args []any) (n int) {
	for _, arg := range args {
		if raw, ok := arg.(JSON); ok {
			n += len(raw)
		}
	}
	return n
}

// JSON is an argument that is encoded already as the wire wants it: valid,
// without spaces, nothing escaped that need not be. It is sent as it is: to look
// at a long list once more costs more than to send it. What comes from a client
// is a [json.RawMessage].
type JSON []byte

// MarshalJSON implements [json.Marshaler], for where it is a part of an argument.
func (j JSON) MarshalJSON() ([]byte, error) { return j, nil }

// writeJSON appends a value. Raw messages are checked and lose their spaces, but
// are not searched for characters to escape.
func writeJSON(body *bytes.Buffer, v any) error {
	switch raw := v.(type) {
	case JSON:
		body.Write(raw)
		return nil
	case json.RawMessage:
		if len(raw) == 0 {
			raw = json.RawMessage("null")
		}
		return json.Compact(body, raw)
	}
	start := body.Len()
	enc := json.NewEncoder(body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	body.Truncate(body.Len() - 1) // the encoder's newline
	unescapeLines(body, start)
	return nil
}

// unescapeLines undoes the encoder's escapes of U+2028 and U+2029, which
// JavaScript does not make.
func unescapeLines(body *bytes.Buffer, start int) {
	all := body.Bytes()
	if !bytes.Contains(all[start:], []byte(`\u202`)) {
		return
	}
	out := all[:start]
	for rest := all[start:]; len(rest) > 0; {
		n := 1
		switch {
		case len(rest) >= 6 && string(rest[:5]) == `\u202` && (rest[5] == '8' || rest[5] == '9'):
			n = 6
			out = append(out, 0xe2, 0x80, 0xa8+rest[5]-'8') // never longer than what was read
		case rest[0] == '\\':
			n = 2
			out = append(out, rest[:2]...)
		default:
			out = append(out, rest[0])
		}
		rest = rest[n:]
	}
	body.Truncate(len(out))
}

// encodeConnect encodes the answer to a CONNECT. [sio5:connect]
func encodeConnect(namespace, sid string) *engineio.Payload {
	head := appendHead(nil, connect, 0, namespace, 0, false)
	return engineio.Text(head, []byte(`{"sid":"`+sid+`"}`)) // [sio5:sid]
}

// encodeConnectError encodes a refusal. [sio5:connect-error]
func encodeConnectError(namespace, message string, data any) (*engineio.Payload, error) {
	head := appendHead(nil, connectError, 0, namespace, 0, false)
	body := new(bytes.Buffer)
	body.WriteString(`{"message":`)
	if err := writeJSON(body, message); err != nil {
		return nil, err
	}
	if data != nil {
		body.WriteString(`,"data":`)
		if err := writeJSON(body, data); err != nil {
			return nil, fmt.Errorf("socketio: data of a connect error: %w", err)
		}
	}
	body.WriteByte('}')
	return engineio.Text(head, body.Bytes()), nil
}

// encodeDisconnect encodes the end of a namespace. [sio5:disconnect]
func encodeDisconnect(namespace string) *engineio.Payload {
	return engineio.Text(appendHead(nil, disconnect, 0, namespace, 0, false))
}

// encodeEventWithID encodes an event that wants an answer. [sio5:ask]
func encodeEventWithID(namespace string, id uint64, name string, args []any) (*engineio.Payload, error) {
	return encode(event, namespace, id, true, &name, args)
}
