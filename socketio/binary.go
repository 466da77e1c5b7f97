package socketio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
)

// Binary is data that is sent as a binary attachment, anywhere in the arguments of an
// event or answer. A []byte is sent the same way, but can also be decoded from a base64
// string; a Binary is decoded only from an attachment. An attachment decoded into an any
// becomes a Binary.
type Binary []byte

// MarshalJSON writes base64. It is used only outside Emit and Reply.
func (b Binary) MarshalJSON() ([]byte, error) { return json.Marshal([]byte(b)) }

// errNoAttachment is returned for JSON where an attachment is required.
var errNoAttachment = errors.New("socketio: a Binary is decoded from an attachment only")

// UnmarshalJSON accepts only null; [Arg.Decode] decodes attachments.
func (b *Binary) UnmarshalJSON(text []byte) error {
	if string(text) != "null" {
		return errNoAttachment
	}
	*b = nil
	return nil
}

// reassembly collects the attachments of one packet.
type reassembly struct {
	packet packet
	parts  [][]byte
	size   int
}

// add stores the next attachment and reports whether it was the last.
func (r *reassembly) add(data []byte, limit int) (complete bool, err error) {
	if r.size += len(data); r.size > limit {
		return false, errAttachments
	}
	r.parts = append(r.parts, append(make([]byte, 0, len(data)), data...))
	return len(r.parts) == r.packet.attachments, nil
}

// finish connects the packet's arguments with their attachments. [sio5:binary] As in the
// reference, each attachment may be used only once. An object that is marked as a
// placeholder but is not a valid one is refused, because other decoders accept it.
func (r *reassembly) finish(cfg *Config) (packet, error) {
	p := r.packet
	used := make([]bool, len(r.parts))
	err := eachPlaceholder(p.raw, func(num, _, _ int) error {
		if num >= len(used) || used[num] {
			return errAttachments
		}
		used[num] = true
		return nil
	})
	if err != nil {
		return p, err
	}
	if err := p.decodeArgs(p.raw, cfg); err != nil {
		return p, err
	}
	p.raw, p.attachments = nil, 0
	for i, a := range p.args {
		if hasPlaceholder(a.text) {
			p.args[i].parts = r.parts
		}
	}
	return p, nil
}

// fillPlaceholders replaces each placeholder with its attachment in base64.
func fillPlaceholders(text json.RawMessage, parts [][]byte) json.RawMessage {
	size := len(text)
	for _, part := range parts {
		size += base64.StdEncoding.EncodedLen(len(part))
	}
	out := make([]byte, 0, size)
	last := 0
	_ = eachPlaceholder(text, func(num, start, end int) error { // already checked by finish
		out = append(append(out, text[last:start]...), '"')
		out = append(base64.StdEncoding.AppendEncode(out, parts[num]), '"')
		last = end
		return nil
	})
	return append(out, text[last:]...)
}

// hasPlaceholder reports whether checked JSON contains a placeholder.
func hasPlaceholder(text []byte) bool {
	if !bytes.Contains(text, []byte(mark)) {
		return false
	}
	found := eachPlaceholder(text, func(int, int, int) error { return errFound })
	return found == errFound
}

// errFound stops a search.
var errFound = errors.New("found")

// eachPlaceholder calls visit for each {"_placeholder":true,"num":N} in valid JSON, with
// N and its position. It returns visit's error, or [errAttachments] for an object that
// is marked as a placeholder but is not a valid one.
func eachPlaceholder(text []byte, visit func(num, start, end int) error) error {
	for i := 0; i < len(text); {
		switch text[i] {
		case '"':
			s := scanner{data: text, pos: i}
			if err := s.string(); err != nil {
				return err
			}
			if s.marks(i) {
				return errAttachments
			}
			i = s.pos
		case '{':
			num, end, ok := placeholder(text, i)
			if !ok {
				i++
				continue
			}
			if err := visit(num, i, end); err != nil {
				return err
			}
			i = end
		default:
			i++
		}
	}
	return nil
}

// mark is the member that makes an object a placeholder.
const mark = "_placeholder"

// placeholder parses the placeholder, if any, that begins at raw[start]: two members in
// either order, the number in decimal digits.
func placeholder(raw []byte, start int) (num, end int, ok bool) {
	s := scanner{data: raw, pos: start}
	if s.peek() != '{' {
		return 0, 0, false
	}
	s.pos++
	marked, numbered := false, false
	for range 2 {
		s.space()
		switch {
		case s.literal(`"`+mark+`"`) == nil && s.colon() && s.literal("true") == nil:
			marked = true
		case s.literal(`"num"`) == nil && s.colon():
			for numbered = digit(s.peek()); digit(s.peek()) && num <= maxNum; s.pos++ {
				num = num*10 + int(s.peek()-'0')
			}
		}
		s.space()
		if s.peek() == ',' {
			s.pos++
		}
	}
	return num, s.pos + 1, marked && numbered && s.peek() == '}'
}

// maxNum is greater than the number of any attachment.
const maxNum = 1 << 20

// colon skips the colon and spaces between a name and its value.
func (s *scanner) colon() bool {
	s.space()
	if s.peek() != ':' {
		return false
	}
	s.pos++
	s.space()
	return true
}

// marks reports whether the string just skipped, which began at start, is the member
// name that marks a placeholder.
func (s *scanner) marks(start int) bool {
	name := s.data[start:s.pos]
	if string(name) != `"`+mark+`"` {
		var v string
		if bytes.IndexByte(name, '\\') < 0 || json.Unmarshal(name, &v) != nil || v != mark {
			return false
		}
	}
	value := *s
	return value.colon() && value.literal("true") == nil
}
