package engineio

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/gobwas/ws"
)

// Payload is an immutable sequence of packets, encoded once and shared by all its
// receivers: as unmasked websocket frames, and as the texts of a polling answer. A nil
// *Payload is empty.
type Payload struct {
	frames   []byte   // complete websocket frames, back to back
	packets  []packet // one for each frame
	one      [1]packet
	snapshot bool
	first    bool // see Preface
}

// packet is one packet inside a Payload.
type packet struct {
	start, end int    // its frame, in frames
	text       []byte // its polling form
}

// Text returns a payload of one message packet whose text is the joined parts. The parts
// must be valid UTF-8 and are copied.
func Text(parts ...[]byte) *Payload { return textPacket(packetMessage, parts...) }

// Binary returns a payload of one binary message packet. The data is copied.
func Binary(data []byte) *Payload {
	p := &Payload{}
	// [eio4:binary] On websocket a binary message has no packet type; on polling
	// it is base64 after the letter b. [eio4:base64]
	buf := make([]byte, 0, headerSize(len(data))+len(data))
	buf = appendHeader(buf, ws.OpBinary, len(data))
	p.frames = append(buf, data...)
	text := make([]byte, 1, 1+base64.StdEncoding.EncodedLen(len(data)))
	text[0] = packetBase64
	p.one[0] = packet{end: len(p.frames), text: base64.StdEncoding.AppendEncode(text, data)}
	p.packets = p.one[:]
	return p
}

// textPacket encodes one text packet of the given type in its own frame. [eio4:frame]
func textPacket(kind byte, parts ...[]byte) *Payload {
	size := 1
	for _, part := range parts {
		size += len(part)
	}
	p := &Payload{}
	buf := make([]byte, 0, headerSize(size)+size)
	buf = appendHeader(buf, ws.OpText, size)
	start := len(buf)
	buf = append(buf, kind)
	for _, part := range parts {
		buf = append(buf, part...)
	}
	p.frames = buf
	p.one[0] = packet{end: len(buf), text: buf[start:]}
	p.packets = p.one[:]
	return p
}

// Concat joins the payloads into one, so that they are sent in one write. Nil payloads
// are skipped; the result is a snapshot if one of them is.
func Concat(payloads ...*Payload) *Payload {
	var size, count, used int
	var last *Payload
	for _, p := range payloads {
		if p.Len() == 0 {
			continue
		}
		size, count, used, last = size+len(p.frames), count+len(p.packets), used+1, p
	}
	if used <= 1 {
		return last
	}
	all := &Payload{frames: make([]byte, 0, size), packets: make([]packet, 0, count)}
	for _, p := range payloads {
		if p.Len() == 0 {
			continue
		}
		base := len(all.frames)
		all.frames = append(all.frames, p.frames...)
		for _, k := range p.packets {
			k.start, k.end = k.start+base, k.end+base
			all.packets = append(all.packets, k)
		}
		all.snapshot = all.snapshot || p.snapshot
	}
	return all
}

// Snapshot returns the same payload marked as a shared snapshot. One queued snapshot for
// each peer does not count against [Config.MaxQueue].
func (p *Payload) Snapshot() *Payload {
	if p.Len() == 0 {
		return p
	}
	return &Payload{frames: p.frames, packets: p.packets, snapshot: true, first: p.first}
}

// Preface returns the same payload marked as required to understand later ones.
// [Conn.End], which drops the queue on polling, still sends it before the last payload.
func (p *Payload) Preface() *Payload {
	if p.Len() == 0 {
		return p
	}
	return &Payload{frames: p.frames, packets: p.packets, snapshot: p.snapshot, first: true}
}

// Len returns the payload's size on a websocket, in bytes.
func (p *Payload) Len() int {
	if p == nil {
		return 0
	}
	return len(p.frames)
}

// Packets returns the number of packets.
func (p *Payload) Packets() int {
	if p == nil {
		return 0
	}
	return len(p.packets)
}

// textFrames returns the frames with binary messages in their polling form.
// [eio4:base64]
func (p *Payload) textFrames() []byte {
	size, binary := len(p.frames), false
	for _, k := range p.packets {
		if k.text[0] == packetBase64 {
			size, binary = size+len(k.text), true
		}
	}
	if !binary {
		return p.frames
	}
	frames := make([]byte, 0, size)
	for _, k := range p.packets {
		if k.text[0] == packetBase64 {
			frames = append(appendHeader(frames, ws.OpText, len(k.text)), k.text...)
		} else {
			frames = append(frames, p.frames[k.start:k.end]...)
		}
	}
	return frames
}

// headerSize returns the size of an unmasked frame's header. [RFC6455:5.2]
func headerSize(length int) int {
	return ws.HeaderSize(ws.Header{Length: int64(length)})
}

// appendHeader appends the header of an unmasked, final frame. [RFC6455:5.2]
func appendHeader(buf []byte, op ws.OpCode, length int) []byte {
	buf = append(buf, 0x80|byte(op))
	switch {
	case length < 126:
		return append(buf, byte(length))
	case length < 1<<16:
		return binary.BigEndian.AppendUint16(append(buf, 126), uint16(length))
	default:
		return binary.BigEndian.AppendUint64(append(buf, 127), uint64(length))
	}
}
