package socketio

import (
	"encoding/json"
	"slices"
)

// Args are the arguments of an event or of an answer, in order.
type Args []Arg

// Decode decodes the arguments into the values that dst point to, in order, as
// [Arg.Decode] does. A dst without an argument is left as it is, as a parameter
// without an argument is undefined in JavaScript; arguments without a dst are
// ignored.
func (as Args) Decode(dst ...any) error {
	for i, a := range as[:min(len(as), len(dst))] {
		if err := a.Decode(dst[i]); err != nil {
			return err
		}
	}
	return nil
}

// Any returns the arguments as Emit and Reply take them: what is sent is what
// came, attachments as attachments.
func (as Args) Any() []any {
	all := make([]any, len(as))
	for i, a := range as {
		all[i] = a
	}
	return all
}

// own copies the arguments out of the reading goroutine's buffer.
func (as Args) own() Args {
	size := 0
	for _, a := range as {
		size += len(a.text)
	}
	buf := make([]byte, 0, size)
	for i, a := range as {
		start := len(buf)
		buf = append(buf, a.text...)
		as[i].text = buf[start:len(buf):len(buf)]
	}
	return as
}

// Arg is one argument as the client sent it: JSON, in which any value may be a
// binary attachment. It may be sent on as it is, also inside of another value.
type Arg struct {
	text  json.RawMessage // attachments are placeholders: {"_placeholder":true,"num":0}
	parts [][]byte        // the packet's attachments; nil when text has no placeholder
}

// Binary returns the attachment that the argument is; false when it is JSON, be
// it a string of base64 or an object that looks like a placeholder. The data is
// the argument's own.
func (a Arg) Binary() (data []byte, ok bool) {
	if a.parts == nil {
		return nil, false
	}
	num, end, ok := placeholder(a.text, 0)
	if !ok || end != len(a.text) {
		return nil, false
	}
	return a.parts[num], true
}

// HasBinary reports whether the argument is or contains an attachment.
func (a Arg) HasBinary() bool { return a.parts != nil }

// JSON returns the argument as JSON. Attachments are strings of base64, which is
// how package encoding/json reads a []byte: ask [Arg.Binary] or use
// [Arg.Decode] where it matters what was an attachment. Null stands for no
// argument.
func (a Arg) JSON() json.RawMessage {
	switch {
	case len(a.text) == 0:
		return json.RawMessage("null")
	case a.parts == nil:
		return a.text
	}
	return fillPlaceholders(a.text, a.parts)
}

// String returns the argument's JSON.
func (a Arg) String() string { return string(a.JSON()) }

// MarshalJSON implements [json.Marshaler] as JSON does. Emit and Reply do better:
// they send attachments as attachments.
func (a Arg) MarshalJSON() ([]byte, error) { return a.JSON(), nil }

// UnmarshalJSON implements [json.Unmarshaler]: an Arg keeps what it is given.
func (a *Arg) UnmarshalJSON(text []byte) error {
	*a = Arg{text: slices.Clone(text)}
	return nil
}
