package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
)

// packetType is the type of a packet. [sio5:packet]
type packetType byte

const (
	connect packetType = iota
	disconnect
	event
	ack
	connectError
	binaryEvent
	binaryAck
)

// packet is one decoded packet. Its data aliases the message that contained it; a packet
// with attachments owns its data.
type packet struct {
	kind        packetType // binaryEvent and binaryAck become event and ack
	namespace   string     // "/" is the main one
	id          uint64     // of the acknowledgement
	hasID       bool
	name        []byte          // of an event
	args        Args            // of an event or acknowledgement
	auth        json.RawMessage // of a connect
	attachments int             // not yet received
	raw         []byte          // the array, until all attachments have arrived
}

// Errors of the decoder: all are caused by the peer. They never contain input.
var (
	errPacket      = errors.New("socketio: invalid packet")
	errAttachments = errors.New("socketio: invalid attachments")
	errUnexpected  = errors.New("socketio: packet out of turn")
)

// maxID is the largest acknowledgement id JavaScript can count to.
const maxID = 1 << 53

// decodePacket decodes one text message. [sio5:format]
//
//	type [attachments "-"] [namespace ","] [id] [JSON]
func decodePacket(data []byte, cfg *Config) (p packet, err error) {
	if len(data) == 0 || data[0] < '0' || data[0] > '6' { // [sio5:invalid]
		return p, errPacket
	}
	kind := packetType(data[0] - '0')
	rest := data[1:]
	binary := kind == binaryEvent || kind == binaryAck
	if binary {
		if p.attachments, rest, err = decodeAttachments(rest, cfg.MaxAttachments); err != nil {
			return p, err
		}
	}
	p.namespace = "/"
	if len(rest) > 0 && rest[0] == '/' {
		end := len(rest)
		for i, c := range rest {
			if c == ',' { // [sio5:comma]
				end = i
				break
			}
		}
		p.namespace = string(rest[:end])
		rest = rest[min(end+1, len(rest)):]
	}
	if p.id, p.hasID, rest, err = decodeID(rest); err != nil {
		return p, err
	}
	switch kind {
	case connect:
		p.kind = connect
		if p.hasID {
			return p, errPacket
		}
		if len(rest) > 0 {
			p.auth = rest
			return p, scanObject(rest, cfg.MaxDepth) // [sio5:auth]
		}
		return p, nil
	case disconnect:
		p.kind = disconnect
		if p.hasID || len(rest) > 0 {
			return p, errPacket
		}
		return p, nil
	case event, binaryEvent:
		p.kind = event
	case ack, binaryAck:
		p.kind = ack
		if !p.hasID {
			return p, errPacket
		}
	case connectError:
		return p, errPacket // only servers send this type
	}
	if binary {
		p.raw = append([]byte(nil), rest...) // the message's buffer is reused
		return p, scanArray(rest, cfg.MaxDepth, true, func([]byte) {})
	}
	return p, p.decodeArgs(rest, cfg)
}

// decodeArgs splits the array of an event or acknowledgement.
func (p *packet) decodeArgs(array []byte, cfg *Config) error {
	args := make(Args, 0, 2)
	err := scanArray(array, cfg.MaxDepth, p.attachments > 0, func(element []byte) { args = append(args, Arg{text: element}) }) // [sio5:payload]
	if err != nil {
		return err
	}
	p.args = args
	if p.kind == ack {
		return nil
	}
	if len(args) == 0 || args[0].text[0] != '"' { // [sio5:payload]
		return errPacket // [SEC-39] the name must be a string
	}
	first := args[0].text
	p.name = first[1 : len(first)-1]
	if bytes.IndexByte(p.name, '\\') >= 0 {
		var name string
		if err := json.Unmarshal(first, &name); err != nil {
			return errPacket
		}
		p.name = []byte(name)
	}
	if reserved(string(p.name)) {
		return errPacket
	}
	p.args = args[1:]
	return nil
}

// reserved reports whether an event name is reserved. [sio5:reserved] The reference
// server also refuses these names from clients.
func reserved(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}

// decodeAttachments reads the number before the dash. [sio5:binary]
func decodeAttachments(data []byte, most int) (n int, rest []byte, err error) {
	i := 0
	for i < len(data) && digit(data[i]) && i < 4 {
		n = n*10 + int(data[i]-'0')
		i++
	}
	if i == 0 || i == len(data) || data[i] != '-' || n < 1 || n > most {
		return 0, nil, errAttachments
	}
	return n, data[i+1:], nil
}

// decodeID reads the digits before the data. [sio5:ack]
func decodeID(data []byte) (id uint64, has bool, rest []byte, err error) {
	i := 0
	for i < len(data) && digit(data[i]) {
		if id > (math.MaxUint64-9)/10 {
			return 0, false, nil, errPacket
		}
		id = id*10 + uint64(data[i]-'0')
		i++
	}
	if id > maxID {
		return 0, false, nil, errPacket
	}
	return id, i > 0, data[i:], nil
}

// appendHead appends the start of a packet's text.
func appendHead(buf []byte, kind packetType, attachments int, namespace string, id uint64, hasID bool) []byte {
	buf = append(buf, '0'+byte(kind))
	if attachments > 0 {
		buf = append(strconv.AppendInt(buf, int64(attachments), 10), '-')
	}
	if namespace != "/" { // [sio5:main]
		buf = append(append(buf, namespace...), ',')
	}
	if hasID {
		buf = strconv.AppendUint(buf, id, 10)
	}
	return buf
}
