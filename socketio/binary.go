package socketio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// Binary is data that travels as a binary attachment when it is an argument of
// an event or acknowledgement. A []byte does, too.
type Binary []byte

// MarshalJSON writes base64 where the data is not an argument of its own.
func (b Binary) MarshalJSON() ([]byte, error) { return json.Marshal([]byte(b)) }

// reassembly collects the attachments of one packet.
type reassembly struct {
	packet packet
	parts  [][]byte
	size   int
}

// add takes the next attachment and reports whether it was the last.
func (r *reassembly) add(data []byte, limit int) (complete bool, err error) {
	if r.size += len(data); r.size > limit {
		return false, errAttachments
	}
	r.parts = append(r.parts, append([]byte(nil), data...))
	return len(r.parts) == r.packet.attachments, nil
}

// finish puts the attachments into the packet, in place of their placeholders,
// as base64 strings: a handler unmarshals them into a []byte. [sio5:binary]
func (r *reassembly) finish(cfg *Config) (packet, error) {
	p := r.packet
	raw, err := fillPlaceholders(p.raw, r.parts)
	if err != nil {
		return p, err
	}
	p.raw, p.attachments = nil, 0
	return p, p.decodeArgs(raw, cfg)
}

// fillPlaceholders replaces each {"_placeholder":true,"num":N}. An attachment
// may be used once only: a packet must not grow by repeating it. What is marked as
// a placeholder but is none is refused, for other decoders take it for one.
func fillPlaceholders(raw []byte, parts [][]byte) ([]byte, error) {
	size := len(raw)
	for _, part := range parts {
		size += base64.StdEncoding.EncodedLen(len(part)) + 2
	}
	out := make([]byte, 0, size)
	used := make([]bool, len(parts))
	for i := 0; i < len(raw); {
		switch raw[i] {
		case '"':
			s := scanner{data: raw, pos: i}
			if err := s.string(); err != nil {
				return nil, err
			}
			if s.marks(i) {
				return nil, errAttachments
			}
			out = append(out, raw[i:s.pos]...)
			i = s.pos
		case '{':
			num, end, ok := placeholder(raw, i)
			if !ok {
				out = append(out, raw[i])
				i++
				continue
			}
			if num >= len(parts) || used[num] {
				return nil, errAttachments
			}
			used[num] = true
			out = append(out, '"')
			out = base64.StdEncoding.AppendEncode(out, parts[num])
			out = append(out, '"')
			i = end
		default:
			out = append(out, raw[i])
			i++
		}
	}
	return out, nil
}

// placeholder recognises a placeholder at raw[start], a brace of valid JSON: two
// members in either order, and the number in decimal digits.
func placeholder(raw []byte, start int) (num, end int, ok bool) {
	s := scanner{data: raw, pos: start + 1}
	marked, numbered := false, false
	for range 2 {
		s.space()
		switch {
		case s.literal(`"_placeholder"`) == nil && s.colon() && s.literal("true") == nil:
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

// maxNum is past every attachment there can be.
const maxNum = 1 << 20

// colon skips what stands between a name and its value.
func (s *scanner) colon() bool {
	s.space()
	if s.peek() != ':' {
		return false
	}
	s.pos++
	s.space()
	return true
}

// marks reports whether the string just skipped, which began at start, is the
// name of a member that makes its object a placeholder.
func (s *scanner) marks(start int) bool {
	const mark = "_placeholder"
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
