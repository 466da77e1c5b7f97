package harness

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// IsEvent returns a matcher of an event by its name.
func IsEvent(name string) func(Packet) bool {
	return func(p Packet) bool { return p.Kind == Event && p.Name == name }
}

// NextEvent requires the next packet to be the event, and decodes its payload.
func (k *Socket) NextEvent(name string, v any) {
	k.t.Helper()
	p := k.Next()
	if p.Kind != Event || p.Name != name {
		k.t.Fatalf("socket %s: %v, want the event %s", k.ID, p, name)
	}
	k.decode(p, v)
}

// NextKind requires the next packet to be of a kind.
func (k *Socket) NextKind(kind Kind) Packet {
	k.t.Helper()
	p := k.Next()
	if p.Kind != kind {
		k.t.Fatalf("socket %s: %v, want %s", k.ID, p, kind)
	}
	return p
}

// UntilEvent drops all packets before the event and decodes its payload.
func (k *Socket) UntilEvent(name string, v any) {
	k.t.Helper()
	k.decode(k.Until(name, IsEvent(name)), v)
}

// TakeEvent removes the first event of this name from the record.
func (k *Socket) TakeEvent(name string, v any) {
	k.t.Helper()
	k.decode(k.Take(name, IsEvent(name)), v)
}

func (k *Socket) decode(p Packet, v any) {
	k.t.Helper()
	if len(p.Args) != 1 {
		k.t.Fatalf("socket %s: %d arguments, want one: %v", k.ID, len(p.Args), p)
	}
	if err := Decode(p.Args[0], v); err != nil {
		k.t.Fatalf("socket %s: %s: %v", k.ID, p.Name, err)
	}
}

// Ack removes the answer to a Call from the record.
func (k *Socket) Ack(id int) json.RawMessage {
	k.t.Helper()
	p := k.Take("ack", func(p Packet) bool { return p.Kind == Ack && p.ID == id })
	if len(p.Args) != 1 {
		k.t.Fatalf("socket %s: an ack with %d arguments: %v", k.ID, len(p.Args), p)
	}
	return p.Args[0]
}

// Barrier returns after everything that was sent to this socket before is in the record.
func (k *Socket) Barrier() {
	k.t.Helper()
	k.Ack(k.Call("ping_manual", "barrier"))
	k.TakeEvent("pong_manual", &json.RawMessage{})
}

// Snapshot holds the events that a connection receives when it registers.
type Snapshot struct {
	Response Registered
	Slots    Slots
	Online   Online
	Sync     Sync
}

// Register registers and requires the answers in their exact order: the ack,
// the same as response, connection_slots, online_users, presence_sync.
func (k *Socket) Register() Snapshot {
	k.t.Helper()
	return k.RegisterWith(map[string]any{})
}

// RegisterWith is Register with a given payload.
func (k *Socket) RegisterWith(payload any) Snapshot {
	k.t.Helper()
	k.Call("register_user", payload)
	return k.Registered()
}

// Registered requires the answers to a register_user that was sent.
func (k *Socket) Registered() Snapshot {
	k.t.Helper()
	var got Snapshot
	ack := k.NextKind(Ack)
	if len(ack.Args) != 1 {
		k.t.Fatalf("register_user: ack with %d arguments", len(ack.Args))
	}
	if err := Decode(ack.Args[0], &got.Response); err != nil {
		k.t.Fatalf("register_user: %v", err)
	}
	response := k.Next()
	if response.Kind != Event || response.Name != "response" || len(response.Args) != 1 ||
		string(response.Args[0]) != string(ack.Args[0]) {
		k.t.Fatalf("register_user: after the ack %v came %v, want the same as response", ack, response)
	}
	k.NextEvent("connection_slots", &got.Slots)
	k.NextEvent("online_users", &got.Online)
	k.NextEvent("presence_sync", &got.Sync)
	if !got.Response.OK || got.Response.SID != k.ID {
		k.t.Errorf("register_user: %+v on the socket %s", got.Response, k.ID)
	}
	return got
}

// Fails sends an event that must be refused: first in the ack, then with the same object
// in response.
func (k *Socket) Fails(code, event string, args ...any) Failure {
	k.t.Helper()
	k.Call(event, args...)
	return k.Failed(code)
}

// Failed requires the answers to a refused event that was sent.
func (k *Socket) Failed(code string) Failure {
	k.t.Helper()
	var f Failure
	ack := k.NextKind(Ack)
	if len(ack.Args) != 1 {
		k.t.Fatalf("ack with %d arguments", len(ack.Args))
	}
	if err := Decode(ack.Args[0], &f); err != nil {
		k.t.Fatal(err)
	}
	response := k.Next()
	if response.Kind != Event || response.Name != "response" || len(response.Args) != 1 ||
		string(response.Args[0]) != string(ack.Args[0]) {
		k.t.Fatalf("after the ack %v came %v, want the same as response", ack, response)
	}
	if f.OK || f.Code != code || f.Message == "" {
		k.t.Fatalf("refused with %s, want code %s and a message", ack.Args[0], code)
	}
	return f
}

// Status waits for the user_status of a user with a status and drops earlier packets.
// The presence watch still checks the dropped packets.
func (k *Socket) Status(username, status string) Status {
	k.t.Helper()
	var found Status
	k.Until("user_status "+username+" "+status, func(p Packet) bool {
		var s Status
		if p.Kind != Event || p.Name != "user_status" || len(p.Args) != 1 || Decode(p.Args[0], &s) != nil {
			return false
		}
		if s.Username == username && s.Status == status {
			found = s
			return true
		}
		return false
	})
	return found
}

// Statuses returns the unread user_status events, in the form "ali online".
func (k *Socket) Statuses() []string {
	var all []string
	for _, p := range k.Unread() {
		var s Status
		if p.Kind == Event && p.Name == "user_status" && Decode(p.Args[0], &s) == nil {
			all = append(all, s.Username+" "+s.Status)
		}
	}
	return all
}

// SlotsUsed waits until connection_slots reports the given number of used seats.
func (k *Socket) SlotsUsed(used int) Slots {
	k.t.Helper()
	var s Slots
	k.Until("connection_slots", func(p Packet) bool {
		return p.Kind == Event && p.Name == "connection_slots" && Decode(p.Args[0], &s) == nil && s.Used == used
	})
	return s
}

// Ended requires the end of a session or connection: the event is the next
// presence-free packet and the last event, then DISCONNECT, then the close with
// its code.
func (k *Socket) Ended(event, code string, closeCode int) Ended {
	k.t.Helper()
	var e Ended
	k.UntilEvent(event, &e)
	if e.Code != code || e.Message == "" || e.Reconnect == nil || *e.Reconnect || !Time(e.At) {
		k.t.Errorf("socket %s: %s %+v, want code %s, a message, a time and reconnect false", k.ID, event, e, code)
	}
	k.NextKind(Disconnected)
	p := k.NextKind(Closed)
	if k.dial.Transport != Polling && p.Code != closeCode {
		k.t.Errorf("socket %s: %v, want the close code %d", k.ID, p, closeCode)
	}
	return e
}

// SentAway requires a close with a code and without a last event.
func (k *Socket) SentAway(closeCode int) {
	k.t.Helper()
	p := k.Until("the end", func(p Packet) bool {
		return p.Kind == Closed || p.Kind == Disconnected ||
			p.Kind == Event && slices.Contains([]string{"session_ended", "connection_ended"}, p.Name)
	})
	if p.Kind != Closed || k.dial.Transport != Polling && p.Code != closeCode {
		k.t.Errorf("socket %s: %v, want only the close %d", k.ID, p, closeCode)
	}
}

// Eventually polls a condition until it is true, for state without an event to wait for.
func Eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(Patience)
	for !yes() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within %s", what, Patience)
		}
	}
}

// Gone waits for the end of a socket that its client has left.
func (k *Socket) Gone() {
	k.t.Helper()
	k.Until("the close", func(p Packet) bool { return p.Kind == Closed })
}

// Time reports whether a text is a time in the product's format: RFC 3339, UTC,
// milliseconds.
func Time(text string) bool {
	_, err := time.Parse("2006-01-02T15:04:05.000Z", text)
	return err == nil
}

// FailsAmid is Fails for a socket that may receive other packets at the same time.
func (k *Socket) FailsAmid(code, event string, args ...any) {
	k.t.Helper()
	var f Failure
	if err := Decode(k.Ack(k.Call(event, args...)), &f); err != nil {
		k.t.Fatal(err)
	}
	if f.OK || f.Code != code || f.Message == "" {
		k.t.Errorf("%s: %+v, want code %s", event, f, code)
	}
}
