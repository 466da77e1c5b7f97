package realtime

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/socketio"
)

// audience is what a group of members sees [P5].
type audience int

const (
	seesNames audience = iota
	seesCount
)

// outcome of applying an event to a view.
type outcome int

const (
	applied outcome = iota
	known           // the view has it already
	missed          // something is missing: read the seats again
)

// view is who is inside a pool, up to one event: read from the seats, kept up by
// the events [P1].
type view struct {
	name     string
	epoch    string
	logSeq   int64
	seq      int64 // presence_seq
	slots    occupancy
	presence session.Visibility
	namesTo  int
	fallback session.Visibility // of a pool that does not say
	shift    time.Duration      // from the store's clock to the machine's, which is shown [T1]

	users map[string]*inside
	order []*inside // by name

	// What was encoded for each audience since the view last changed.
	slotsMade *engineio.Payload
	namesMade [2]made
	syncMade  [2]made
}

type occupancy struct{ limit, held, grace, offered int }

func (o occupancy) used() int { return o.held + o.grace + o.offered }

// told is what connection_slots says of it.
func (o occupancy) told() [2]int { return [2]int{o.limit, o.used()} }

// made is something encoded once for all who get it.
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
		slots: occupancy{p.Limit, p.Held, p.Grace, p.Offered}, namesTo: cfg.NamesUpTo, fallback: cfg.Visibility,
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

// shiftTo makes the view show times by the machine's clock as it is now. It tells
// whether that shows other times than before.
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

func (v *view) shown(t time.Time) string { return timestamp(t.Add(v.shift)) }

func byName(a, b *inside) int { return strings.Compare(a.name, b.name) }

// apply brings the view to the event.
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
	v.slots = occupancy{e.Limit, e.Held, e.Grace, e.Offered}
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

// visibility is what users see now: above the configured number of users only
// how many there are [P4].
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

// count is the number of users inside: held and in grace.
func (v *view) count() int { return v.slots.held + v.slots.grace }

// status is what user_status says of an event.
func (v *view) status(e session.Event) *engineio.Payload {
	return encode(eventUserStatus, userStatus{Username: e.Username, Status: e.Status, Since: v.shown(e.Since),
		Reason: e.OfflineReason, Count: e.Inside(), Epoch: v.epoch, Seq: e.PresenceSeq})
}

func (v *view) slotsPayload() *engineio.Payload {
	if v.slotsMade == nil {
		v.slotsMade = encode(eventSlots, v.slotsNow())
	}
	return v.slotsMade
}

// slotsNow is what connection_slots says.
func (v *view) slotsNow() slots {
	used := v.slots.used()
	return slots{Pool: v.name, Max: v.slots.limit, Used: used, Available: max(0, v.slots.limit-used), Epoch: v.epoch, Seq: v.seq}
}

// names is online_users for an audience.
func (v *view) names(a audience) *engineio.Payload {
	v.namesJSON(a)
	return v.namesMade[a].payload
}

func (v *view) namesJSON(a audience) socketio.JSON {
	if m := &v.namesMade[a]; m.payload == nil {
		m.make(eventOnlineUsers, v.list([]byte(`{"users":[`), a, func(u *inside) []byte { return u.nameJSON }))
	}
	return v.namesMade[a].json
}

// sync is presence_sync for an audience.
func (v *view) sync(a audience) *engineio.Payload {
	v.syncJSON(a)
	return v.syncMade[a].payload
}

func (v *view) syncJSON(a audience) socketio.JSON {
	if m := &v.syncMade[a]; m.payload == nil {
		head := append([]byte(`{"epoch":`), quote(v.epoch)...)
		head = append(strconv.AppendInt(append(head, `,"seq":`...), v.seq, 10), `,"users":[`...)
		m.make(eventPresenceSync, v.list(head, a, v.encoded))
	}
	return v.syncMade[a].json
}

// list appends what each user of an audience's list is encoded as, and closes
// the object. By hand: an encoder would read all of it again, for each joiner.
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
		u.made = marshal(presentUser{Username: u.name, State: u.state, Since: v.shown(u.since), Connections: u.conns})
	}
	return u.made
}

func quote(s string) json.RawMessage { return marshal(s) }
