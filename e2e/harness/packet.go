package harness

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Kind is the kind of a recorded packet.
type Kind string

// The kinds of Socket.IO 5, and the end of the transport.
const (
	Connected    Kind = "CONNECT"
	Refused      Kind = "CONNECT_ERROR"
	Event        Kind = "EVENT"
	Ack          Kind = "ACK"
	Disconnected Kind = "DISCONNECT"
	Closed       Kind = "close" // websocket close, Engine.IO close, or a broken connection
)

// Packet is one recorded packet.
type Packet struct {
	Kind   Kind
	Name   string            // of an event
	ID     int               // of an ack
	Args   []json.RawMessage // of an event or ack
	Data   json.RawMessage   // of CONNECT and CONNECT_ERROR
	Code   int               // of a websocket close; 0 for everything else that ends a transport
	Reason string            // of a close
}

func (p Packet) String() string {
	switch p.Kind {
	case Event:
		return fmt.Sprintf("EVENT %s %s", p.Name, p.Args)
	case Ack:
		return fmt.Sprintf("ACK %d %s", p.ID, p.Args)
	case Closed:
		return fmt.Sprintf("close %d %q", p.Code, p.Reason)
	default:
		return fmt.Sprintf("%s %s", p.Kind, p.Data)
	}
}

// parseSocketIO parses a Socket.IO packet as strictly as the product promises to write
// it: one namespace, no spaces, no unnecessary escapes.
func parseSocketIO(text string) (Packet, error) {
	if text == "" {
		return Packet{}, fmt.Errorf("an empty Socket.IO packet")
	}
	kind, rest := text[0], text[1:]
	if strings.HasPrefix(rest, "/") {
		return Packet{}, fmt.Errorf("a namespace in %q", text)
	}
	if rest != "" && kind != '3' && !Compact([]byte(rest)) {
		return Packet{}, fmt.Errorf("not compact JSON: %q", text)
	}
	switch kind {
	case '0':
		var open struct {
			SID string `json:"sid"`
		}
		if err := json.Unmarshal([]byte(rest), &open); err != nil || open.SID == "" {
			return Packet{}, fmt.Errorf("CONNECT without a sid: %q", text)
		}
		return Packet{Kind: Connected, Data: json.RawMessage(rest)}, nil
	case '1':
		if rest != "" {
			return Packet{}, fmt.Errorf("DISCONNECT with data: %q", text)
		}
		return Packet{Kind: Disconnected}, nil
	case '4':
		return Packet{Kind: Refused, Data: json.RawMessage(rest)}, nil
	case '2':
		return parseEvent(rest)
	case '3':
		return parseAck(rest)
	default:
		return Packet{}, fmt.Errorf("unexpected Socket.IO packet %q", text)
	}
}

func parseEvent(rest string) (Packet, error) {
	p := Packet{Kind: Event}
	if err := json.Unmarshal([]byte(rest), &p.Args); err != nil || len(p.Args) == 0 {
		return Packet{}, fmt.Errorf("EVENT is no array: %q", rest)
	}
	if err := json.Unmarshal(p.Args[0], &p.Name); err != nil {
		return Packet{}, fmt.Errorf("EVENT without a name: %q", rest)
	}
	p.Args = p.Args[1:]
	return p, nil
}

func parseAck(rest string) (Packet, error) {
	digits := strings.IndexByte(rest, '[')
	if digits < 1 || !Compact([]byte(rest[digits:])) {
		return Packet{}, fmt.Errorf("ACK is not an id and compact JSON: %q", rest)
	}
	id, err := strconv.Atoi(rest[:digits])
	if err != nil {
		return Packet{}, fmt.Errorf("ACK without an id: %q", rest)
	}
	p := Packet{Kind: Ack, ID: id}
	if err := json.Unmarshal([]byte(rest[digits:]), &p.Args); err != nil {
		return Packet{}, fmt.Errorf("ACK is no array: %q", rest)
	}
	return p, nil
}

// The payloads of the contract. They list all members: decoding fails on an unknown one.
type (
	// Registered is the answer to register_user.
	Registered struct {
		OK        bool   `json:"ok"`
		Username  string `json:"username"`
		SID       string `json:"sid"`
		User      Who    `json:"user"`
		ExpiresAt string `json:"expires_at"`
		GraceMS   int64  `json:"grace_ms"`
	}
	// Failure is the answer to an event that was refused.
	Failure struct {
		OK         bool     `json:"ok"`
		Code       string   `json:"code"`
		Message    string   `json:"message"`
		Pool       string   `json:"pool"`
		Max        *int     `json:"max"`
		Used       *int     `json:"used"`
		RetryAfter *float64 `json:"retry_after"`
	}
	// Online is online_users.
	Online struct {
		Users []string `json:"users"`
		Count int      `json:"count"`
	}
	// Status is user_status.
	Status struct {
		Username string  `json:"username"`
		Status   string  `json:"status"`
		Since    string  `json:"since"`
		Reason   *string `json:"reason"`
		Count    int     `json:"count"`
		Epoch    string  `json:"epoch"`
		Seq      int64   `json:"seq"`
	}
	// Slots is connection_slots.
	Slots struct {
		Pool      string `json:"pool"`
		Max       int    `json:"max"`
		Used      int    `json:"used"`
		Available int    `json:"available"`
		Epoch     string `json:"epoch"`
		Seq       int64  `json:"seq"`
	}
	// Sync is presence_sync.
	Sync struct {
		Epoch string  `json:"epoch"`
		Seq   int64   `json:"seq"`
		Users []Entry `json:"users"`
		Count int     `json:"count"`
	}
	// Entry is one user in a Sync.
	Entry struct {
		Username    string `json:"username"`
		State       string `json:"state"`
		Since       string `json:"since"`
		Connections int    `json:"connections"`
	}
	// Ended is session_ended and connection_ended.
	Ended struct {
		Code      string `json:"code"`
		Reason    string `json:"reason"`
		Message   string `json:"message"`
		At        string `json:"at"`
		Reconnect *bool  `json:"reconnect"`
	}
	// ConnectError is CONNECT_ERROR.
	ConnectError struct {
		Message string `json:"message"`
		Data    struct {
			Code   string  `json:"code"`
			Retry  *bool   `json:"retry"`
			Reason *string `json:"reason"`
			At     *string `json:"at"`
		} `json:"data"`
	}
)

// Decode decodes JSON; unknown members are an error.
func Decode(raw []byte, v any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w in %s", err, raw)
	}
	return nil
}
