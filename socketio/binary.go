package socketio

import (
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
// may be used once only: a packet must not grow by repeating it.
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

// placeholder recognises a placeholder at raw[start], a brace of valid JSON.
func placeholder(raw []byte, start int) (num, end int, ok bool) {
	s := scanner{data: raw, pos: start, limit: maxDepth}
	if s.value() != nil {
		return 0, 0, false
	}
	const longest = 64 // more than any white space a client puts in
	if s.pos-start > longest {
		return 0, 0, false
	}
	var v struct {
		Placeholder bool `json:"_placeholder"`
		Num         *int `json:"num"`
	}
	if json.Unmarshal(raw[start:s.pos], &v) != nil || !v.Placeholder || v.Num == nil || *v.Num < 0 {
		return 0, 0, false
	}
	return *v.Num, s.pos, true
}
