package socketio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/turnike/turnike/engineio"
)

// EncodeEvent encodes an event of a namespace once, for any number of sockets: see
// [Socket.Send]. The arguments are encoded by encoding/json, except that binary data is
// sent as attachments: a []byte or [Binary], also in maps, slices and structs, and the
// attachments of an [Arg]. A type with its own MarshalJSON or MarshalText is written by
// that method, so its data usually stays base64. A nil []byte is an empty attachment as
// an argument, and null inside an argument.
//
// It returns an error if an argument cannot be encoded, or one that wraps [ErrReserved].
func EncodeEvent(namespace, name string, args ...any) (*engineio.Payload, error) {
	return encode(event, withSlash(namespace), 0, false, &name, args)
}

// encode encodes an event or acknowledgement. [sio5:json] The JSON is the same as that
// of a JavaScript server: no spaces, no unnecessary escapes.
func encode(kind packetType, namespace string, id uint64, hasID bool, name *string, args []any) (*engineio.Payload, error) {
	if name != nil && reserved(*name) {
		return nil, fmt.Errorf("%w: %q", ErrReserved, *name)
	}
	var scratch [64]byte
	if raw, ok := soleJSON(args); ok {
		return encodeSole(appendHead(scratch[:0], kind, 0, namespace, id, hasID), name, raw)
	}
	e := encoder{body: bytes.NewBuffer(make([]byte, 0, max(256, 64+encodedLen(args))))}
	e.body.WriteByte('[')
	if name != nil {
		if err := writeJSON(e.body, *name); err != nil {
			return nil, err
		}
	}
	for i, arg := range args {
		if i > 0 || name != nil {
			e.body.WriteByte(',')
		}
		if err := e.add(arg); err != nil {
			return nil, fmt.Errorf("socketio: argument %d: %w", i, err)
		}
	}
	e.body.WriteByte(']')
	if len(e.attachments) == 0 {
		return engineio.Text(appendHead(scratch[:0], kind, 0, namespace, id, hasID), e.body.Bytes()), nil // [sio5:message]
	}
	if err := e.checkPlaceholders(); err != nil {
		return nil, err
	}
	kind += binaryEvent - event // [sio5:binary] [sio5:binary-ack]
	head := appendHead(scratch[:0], kind, len(e.attachments), namespace, id, hasID)
	payloads := []*engineio.Payload{engineio.Text(head, e.body.Bytes())} // [sio5:attachments]
	for _, data := range e.attachments {
		payloads = append(payloads, engineio.Binary(data))
	}
	return engineio.Concat(payloads...), nil
}

// encoder writes the arguments of one packet.
type encoder struct {
	body        *bytes.Buffer
	attachments [][]byte
}

// add writes one argument.
func (e *encoder) add(arg any) error {
	switch v := arg.(type) {
	case nil, bool, string, int, JSON, json.RawMessage:
		return writeJSON(e.body, arg)
	case []byte:
		e.attach(v)
		return nil
	case Binary:
		e.attach(v)
		return nil
	case Arg:
		return e.pass(v)
	}
	var st stamper
	v, changed := st.copy(reflect.ValueOf(arg), 0)
	if !changed {
		return writeJSON(e.body, arg)
	}
	own := new(bytes.Buffer)
	if err := writeJSON(own, v.Interface()); err != nil {
		return err
	}
	return e.unstamp(own.Bytes(), st.found)
}

// attach writes a placeholder and stores its attachment. As in the reference,
// attachments are numbered in the order of their placeholders in the text.
func (e *encoder) attach(data []byte) {
	e.body.Write(appendPlaceholder(e.body.AvailableBuffer(), len(e.attachments)))
	e.attachments = append(e.attachments, data)
}

func appendPlaceholder(b []byte, num int) []byte {
	b = append(b, `{"_placeholder":true,"num":`...)
	return append(strconv.AppendInt(b, int64(num), 10), '}')
}

// pass writes a received argument unchanged.
func (e *encoder) pass(a Arg) error {
	if a.parts == nil {
		return json.Compact(e.body, a.JSON())
	}
	text := make([]byte, 0, len(a.text))
	last := 0
	err := eachPlaceholder(a.text, func(num, start, end int) error {
		text = appendPlaceholder(append(text, a.text[last:start]...), len(e.attachments))
		e.attachments = append(e.attachments, a.parts[num])
		last = end
		return nil
	})
	if err != nil {
		return err
	}
	return json.Compact(e.body, append(text, a.text[last:]...))
}

// unstamp writes JSON in which placeholders replace the stamps.
func (e *encoder) unstamp(text []byte, found []reflect.Value) error {
	prefix := append([]byte{'"'}, base64.StdEncoding.EncodeToString(stampPrefix())...)
	size := 1 + base64.StdEncoding.EncodedLen(stampLen) + 1
	for {
		i := bytes.Index(text, prefix)
		if i < 0 {
			e.body.Write(text)
			return nil
		}
		e.body.Write(text[:i])
		stamp, err := base64.StdEncoding.AppendDecode(nil, text[i+1:i+size-1])
		if err != nil {
			return err
		}
		text = text[i+size:]
		n := stamp[stampPrefixLen:]
		v := found[int(n[0])<<16|int(n[1])<<8|int(n[2])]
		if a, ok := v.Interface().(Arg); !ok {
			e.attach(v.Bytes())
		} else if err := e.pass(a); err != nil {
			return err
		}
	}
}

// checkPlaceholders returns an error if a text with attachments contains an object that
// only looks like a placeholder: a receiver would treat it as one.
func (e *encoder) checkPlaceholders() error {
	next := 0
	err := eachPlaceholder(e.body.Bytes(), func(num, _, _ int) error {
		if num != next {
			return errAttachments
		}
		next++
		return nil
	})
	if err != nil || next != len(e.attachments) {
		return errLookalike
	}
	return nil
}

// errLookalike is returned for data that cannot be sent together with an attachment.
var errLookalike = errors.New(`socketio: an object with "_placeholder":true cannot be sent together with attachments`)

// soleJSON returns the argument if it is the only one and already encoded.
func soleJSON(args []any) (raw JSON, ok bool) {
	if len(args) == 1 {
		raw, ok = args[0].(JSON)
	}
	return raw, ok
}

// encodeSole is encode for [soleJSON]: the most frequent answers and broadcasts are
// copied only once, into their frame.
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

// appendString is writeJSON for a string, which usually needs no escapes.
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

// encodedLen returns the total length of the arguments that are already encoded.
func encodedLen(args []any) (n int) {
	for _, arg := range args {
		switch raw := arg.(type) {
		case JSON:
			n += len(raw)
		case Arg:
			n += len(raw.text)
		}
	}
	return n
}

// JSON is an argument that is already encoded: it must be valid, without spaces or
// unnecessary escapes. It is sent unchanged, because checking a long list costs more
// than sending it. Arguments from clients are of type [Arg].
type JSON []byte

// MarshalJSON implements [json.Marshaler]; it is used if the value is part of an
// argument.
func (j JSON) MarshalJSON() ([]byte, error) { return j, nil }

// writeJSON appends a value. Raw messages are checked and their spaces removed, but
// their escapes are not changed.
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

// unescapeLines undoes the encoder's escapes of U+2028 and U+2029, which JavaScript does
// not escape.
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
			out = append(out, 0xe2, 0x80, 0xa8+rest[5]-'8') // never longer than the bytes already read
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

// encodeConnect encodes the answer to a CONNECT. [sio5:connect] With pid, if any, the
// client can recover its state after it lost its connection.
func encodeConnect(namespace, sid, pid string) *engineio.Payload {
	head := appendHead(nil, connect, 0, namespace, 0, false)
	if pid != "" {
		pid = `","pid":"` + pid
	}
	return engineio.Text(head, []byte(`{"sid":"`+sid+pid+`"}`)) // [sio5:sid]
}

// encodeConnectError encodes the refusal of a CONNECT. [sio5:connect-error]
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

// encodeDisconnect encodes the DISCONNECT of a namespace. [sio5:disconnect]
func encodeDisconnect(namespace string) *engineio.Payload {
	return engineio.Text(appendHead(nil, disconnect, 0, namespace, 0, false))
}

// encodeEventWithID encodes an event that needs an answer. [sio5:ask]
func encodeEventWithID(namespace string, id uint64, name string, args []any) (*engineio.Payload, error) {
	return encode(event, namespace, id, true, &name, args)
}
