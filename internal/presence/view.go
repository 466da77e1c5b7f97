package presence

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/wire"
	"github.com/turnike/turnike/socketio"
)

// audience is what a group of members sees [P5].
type audience int

const (
	seesNames audience = iota
	seesCount
)

// outcome is what applying an event to a view did.
type outcome int

const (
	applied outcome = iota
	known           // nothing: the view contains the event already
	missed          // nothing: an earlier event is missing, so the seats must be read again
)

// view is who is inside a pool up to one event. It is read from the seats and kept
// up to date by events [P1].
type view struct {
	name     string
	epoch    string
	logSeq   int64
	seq      int64 // presence_seq
	seats    occupancy
	presence session.Visibility
	namesTo  int
	fallback session.Visibility // used if the pool defines none
	shift    time.Duration      // from the store's clock to the machine's, which is shown [T1]

	users map[string]*inside
	order []*inside // by name

	// What was encoded since the view last changed.
	slotsMade *engineio.Payload
	namesMade [2]made // by audience
	syncMade  [2]made // by audience
}

type occupancy struct{ limit, held, grace, offered int }

func (o occupancy) used() int { return o.held + o.grace + o.offered }

// shown returns what connection_slots shows: the limit and the used seats.
func (o occupancy) shown() [2]int { return [2]int{o.limit, o.used()} }

// made is something encoded once for all its receivers.
type made struct {
	json    socketio.JSON
	payload *engineio.Payload
}

// inside is one user inside.
type inside struct {
	id, name string
	state    session.Status
	since    time.Time
	conns    int
	nameJSON json.RawMessage
	made     json.RawMessage // as in presence_sync; nil after a change
}

func newView(snap Snapshot, cfg Config) *view {
	p := snap.Pool
	v := &view{name: p.Name, epoch: cfg.Epoch, logSeq: p.LogSeq, seq: p.PresenceSeq, presence: p.Presence,
		seats: occupancy{p.Limit, p.Held, p.Grace, p.Offered}, namesTo: cfg.NamesUpTo, fallback: cfg.Visibility,
		users: make(map[string]*inside, len(snap.Entries))}
	for _, e := range snap.Entries {
		u := &inside{id: e.User, name: e.Name, conns: e.Connections, state: session.Online, since: e.Since}
		switch e.State {
		case session.Grace:
			u.state, u.since = session.Reconnecting, e.Changed
		case session.Offered:
			continue // not inside yet
		}
		u.nameJSON = quote(u.name)
		v.users[u.id] = u
		v.order = append(v.order, u)
	}
	slices.SortFunc(v.order, byName)
	return v
}

// shiftTo makes the view show times by the machine's clock as it is now. It reports
// whether the times shown have changed.
func (v *view) shiftTo(shift time.Duration) bool {
	if v.shift == shift {
		return false
	}
	v.shift, v.syncMade = shift, [2]made{}
	for _, u := range v.order {
		u.made = nil
	}
	return true
}

func (v *view) shown(t time.Time) string { return wire.Timestamp(t.Add(v.shift)) }

func byName(a, b *inside) int { return strings.Compare(a.name, b.name) }

// apply updates the view by an event.
func (v *view) apply(e session.Event) outcome {
	switch {
	case e.Type == session.LogLost:
		return missed
	case e.LogSeq <= v.logSeq:
		return known
	case e.LogSeq != v.logSeq+1 || e.Type == session.ServerStarted:
		return missed
	}
	v.logSeq, v.seq = e.LogSeq, e.PresenceSeq
	v.seats = occupancy{e.Limit, e.Held, e.Grace, e.Offered}
	if e.Type == session.PoolChanged {
		v.presence = e.Presence
	}
	v.applyUser(e)
	v.slotsMade, v.namesMade, v.syncMade = nil, [2]made{}, [2]made{}
	return applied
}

func (v *view) applyUser(e session.Event) {
	u := v.users[e.User]
	switch {
	case e.Status == session.Offline:
		if u != nil {
			delete(v.users, e.User)
			v.order = slices.DeleteFunc(v.order, func(o *inside) bool { return o == u })
		}
		return
	case u == nil && e.Status == "":
		return // an administrator, or a session without a seat
	case u == nil:
		u = &inside{id: e.User, name: e.Username, nameJSON: quote(e.Username)}
		v.users[u.id] = u
		i, _ := slices.BinarySearchFunc(v.order, u, byName)
		v.order = slices.Insert(v.order, i, u)
	}
	u.conns, u.made = e.Connections, nil
	if e.Status != "" {
		u.state, u.since = e.Status, e.Since
	}
}

// visibility returns what users see now. Above the configured number of users it
// is only how many there are [P4].
func (v *view) visibility() session.Visibility {
	p := v.presence
	if p == "" {
		p = v.fallback
	}
	if p == session.VisibilityNames && v.count() > v.namesTo {
		return session.VisibilityCount
	}
	return p
}

// count returns the number of users inside: held and in grace.
func (v *view) count() int { return v.seats.held + v.seats.grace }

// status encodes user_status for an event.
func (v *view) status(e session.Event) *engineio.Payload {
	return encode(EventUserStatus, userStatus{Username: e.Username, Status: e.Status, Since: v.shown(e.Since),
		Reason: e.OfflineReason, Count: e.Inside(), Epoch: v.epoch, Seq: e.PresenceSeq})
}

func (v *view) slotsPayload() *engineio.Payload {
	if v.slotsMade == nil {
		v.slotsMade = encode(EventSlots, v.slotsNow())
	}
	return v.slotsMade
}

// slotsNow returns the content of connection_slots.
func (v *view) slotsNow() slots {
	used := v.seats.used()
	return slots{Pool: v.name, Max: v.seats.limit, Used: used, Available: max(0, v.seats.limit-used), Epoch: v.epoch, Seq: v.seq}
}

// names returns online_users for an audience.
func (v *view) names(a audience) *engineio.Payload {
	v.namesJSON(a)
	return v.namesMade[a].payload
}

func (v *view) namesJSON(a audience) socketio.JSON {
	if m := &v.namesMade[a]; m.payload == nil {
		m.make(EventOnlineUsers, v.list([]byte(`{"users":[`), a, func(u *inside) []byte { return u.nameJSON }))
	}
	return v.namesMade[a].json
}

// sync returns presence_sync for an audience.
func (v *view) sync(a audience) *engineio.Payload {
	v.syncJSON(a)
	return v.syncMade[a].payload
}

func (v *view) syncJSON(a audience) socketio.JSON {
	if m := &v.syncMade[a]; m.payload == nil {
		head := append([]byte(`{"epoch":`), quote(v.epoch)...)
		head = append(strconv.AppendInt(append(head, `,"seq":`...), v.seq, 10), `,"users":[`...)
		m.make(EventPresenceSync, v.list(head, a, v.encoded))
	}
	return v.syncMade[a].json
}

// list appends the encoded users that an audience sees, and closes the object. It
// writes JSON by hand because an encoder would read every user again for each
// joiner.
func (v *view) list(buf []byte, a audience, encoded func(*inside) []byte) socketio.JSON {
	if a == seesNames {
		size := 0
		for _, u := range v.order {
			size += len(encoded(u)) + len(",")
		}
		buf = slices.Grow(buf, size+64)
		for i, u := range v.order {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = append(buf, encoded(u)...)
		}
	}
	buf = append(buf, `],"count":`...)
	return append(strconv.AppendInt(buf, int64(v.count()), 10), '}')
}

func (m *made) make(event string, body socketio.JSON) {
	m.json, m.payload = body, encode(event, body)
}

func (v *view) encoded(u *inside) []byte {
	if u.made == nil {
		u.made = wire.JSON(presentUser{Username: u.name, State: u.state, Since: v.shown(u.since), Connections: u.conns})
	}
	return u.made
}

func quote(s string) json.RawMessage { return wire.JSON(s) }
