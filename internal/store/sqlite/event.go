package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/turnike/turnike/internal/session"
)

// The classes of events: how long they are kept.
const (
	classPresence = "presence"
	classAudit    = "audit"
)

func class(t session.EventType) string {
	if t.Audit() {
		return classAudit
	}
	return classPresence
}

// eventsAfter reads at most n events of a pool after the given number, in order.
func eventsAfter(c *conn, pool session.PoolID, after int64, n int, each func(session.Event)) error {
	return c.query(`SELECT log_seq, at, type, data, user_id, session_id, pos FROM events WHERE pool_id = ? AND log_seq > ?
		ORDER BY log_seq LIMIT ?`, func(r row) error {
		var e session.Event
		if err := json.Unmarshal([]byte(r.string(3)), &e); err != nil {
			return fmt.Errorf("event %d of pool %d: %w", r.int64(0), pool, err)
		}
		e.Pool, e.LogSeq, e.At, e.Type = pool, r.int64(0), r.time(1), session.EventType(r.string(2))
		e.User, e.Session, e.Pos = r.string(4), r.string(5), session.Pos(r.int64(6))
		e.By = byInFull(e)
		each(e)
		return nil
	}, int64(pool), after, n)
}

// LogEvents logs what no rule has decided, all of it or nothing. An event that
// names no actor is the system's. Error: ErrNoPool.
func (s *Store) LogEvents(ctx context.Context, events []session.Event) error {
	if len(events) == 0 {
		return nil
	}
	return s.write(ctx, func(t *tx) error {
		for _, e := range events {
			if e.By.Kind == "" {
				e.By = session.BySystem()
			}
			if err := t.emit(e.Pool, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// sameEvent reports whether two events are stored in the same way.
func sameEvent(a, b session.Event) bool {
	return a.Pool == b.Pool && a.LogSeq == b.LogSeq && a.Pos == b.Pos && a.Type == b.Type && a.At.Equal(b.At) && a.User == b.User &&
		a.Session == b.Session && bytes.Equal(encodeEvent(nil, a), encodeEvent(nil, b))
}

// encodeEvent appends the event as JSON, with the names of session.Event. It leaves
// out what has a column of its own and what is zero. It does not use encoding/json
// because every admission runs it.
func encodeEvent(b []byte, e session.Event) []byte {
	o := object{b: append(b, '{')}
	o.number("presence_seq", e.PresenceSeq)
	o.actor("by", byInShort(e))
	o.text("username", e.Username)
	o.text("conn", e.Conn)
	o.text("code", string(e.Code))
	o.text("reason", e.Reason)
	o.text("successor", e.Successor)
	if len(e.Dropped) > 0 {
		o.name("dropped")
		for i, id := range e.Dropped {
			o.b = appendString(append(o.b, "[,"[min(i, 1)]), id)
		}
		o.b = append(o.b, ']')
	}
	o.text("device", e.Device)
	o.text("address", e.Address)
	o.number("count", int64(e.Count))
	o.number("throttled", int64(e.Throttled))
	o.time("expires", e.Expires)
	o.text("status", string(e.Status))
	o.text("offline_reason", e.OfflineReason)
	o.time("since", e.Since)
	o.number("connections", int64(e.Connections))
	o.number("limit", int64(e.Limit))
	o.number("held", int64(e.Held))
	o.number("grace", int64(e.Grace))
	o.number("offered", int64(e.Offered))
	o.text("presence", string(e.Presence))
	return append(o.b, '}')
}

// byInShort is the actor as it is stored. Where it is the event's own user, id and
// name are not stored twice.
func byInShort(e session.Event) session.Actor {
	by := e.By
	if by.Kind == session.KindUser && by.ID == e.User && by.Name == e.Username {
		by.ID, by.Name = "", ""
	}
	return by
}

// byInFull undoes byInShort.
func byInFull(e session.Event) session.Actor {
	by := e.By
	if by.Kind == session.KindUser && by.ID == "" {
		by.ID, by.Name = e.User, e.Username
	}
	return by
}

// object writes a JSON object.
type object struct{ b []byte }

func (o *object) name(name string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		o.b = appendString(o.b, value)
	}
}

func (o *object) actor(name string, by session.Actor) {
	if by == (session.Actor{}) {
		return
	}
	o.name(name)
	o.b = append(o.b, '{')
	o.text("kind", string(by.Kind))
	o.text("id", by.ID)
	o.text("name", by.Name)
	o.text("address", by.Address)
	o.text("request_id", by.Request)
	o.b = append(o.b, '}')
}

func (o *object) number(name string, value int64) {
	if value != 0 {
		o.name(name)
		o.b = strconv.AppendInt(o.b, value, 10)
	}
}

func (o *object) time(name string, value time.Time) {
	if !value.IsZero() {
		o.name(name)
		o.b = append(value.UTC().AppendFormat(append(o.b, '"'), time.RFC3339Nano), '"')
	}
}

// appendString appends a JSON string. Most have nothing to escape.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(s)
			if err != nil { // of a string there is none
				panic(err)
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
