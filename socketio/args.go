package socketio

import (
	"encoding/json"
	"slices"
)

// Args are the arguments of an event or of an answer, in order.
type Args []Arg

// Decode decodes the arguments in order into the values that dst point to, see
// [Arg.Decode]. A dst without an argument is not changed; arguments without a dst are
// ignored.
func (as Args) Decode(dst ...any) error {
	for i, a := range as[:min(len(as), len(dst))] {
		if err := a.Decode(dst[i]); err != nil {
			return err
		}
	}
	return nil
}

// Any returns the arguments in the form that Emit and Reply accept. They are sent as
// they were received, with their attachments.
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

// Arg is one argument as the client sent it: JSON, in which any value may be a binary
// attachment. It may be forwarded as it is, also inside another value.
type Arg struct {
	text  json.RawMessage // attachments are placeholders: {"_placeholder":true,"num":0}
	parts [][]byte        // the packet's attachments; nil when text has no placeholder
}

// Binary returns the argument's data if the argument is an attachment. It returns false
// for all JSON, including a base64 string or an object that looks like a placeholder.
// The data is not copied.
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

// JSON returns the argument as JSON, or null if there is no argument. Attachments become
// base64 strings, as package encoding/json expects for a []byte. To distinguish
// attachments from strings use [Arg.Binary] or [Arg.Decode].
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

// MarshalJSON implements [json.Marshaler] by [Arg.JSON]. Emit and Reply, however, send
// attachments as attachments.
func (a Arg) MarshalJSON() ([]byte, error) { return a.JSON(), nil }

// UnmarshalJSON implements [json.Unmarshaler] and keeps a copy of the JSON.
func (a *Arg) UnmarshalJSON(text []byte) error {
	*a = Arg{text: slices.Clone(text)}
	return nil
}
