package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// clock is the time that decides [T1]. The server's is the machine's clock at the
// start plus the monotonic time since, so no step of the machine's clock moves it.
// The server notes it in the database, and commands go by that note.
//
// Monotonic time stands still while the host is suspended. The server notices
// that afterwards and puts its clock forward, together with the end of every
// grace: sessions grow older meanwhile, but no user could come back for a seat.
type clock struct {
	command bool                 // the clock is the server's, this is another process
	wall    func() time.Time     // the machine's clock
	ticks   func() (ticks, bool) // the machine's counters; false where it has none
	own     session.Clock        // of the server
	begun   ticks                // when own began
	slept   atomic.Int64         // nanoseconds of suspension that own has missed and now includes
	shift   atomic.Int64         // seconds from this clock to the machine's
	noted   atomic.Pointer[note] // the last one committed; nil before the first
}

// note is what the server tells commands and the next start of its clock.
type note struct {
	Serving bool  `json:"serving"` // false from an Open to its [Store.Restart]
	At      int64 `json:"at"`      // what the clock showed, in milliseconds since 1970
	Ticks   ticks `json:"ticks"`   // the machine's counters at that moment
	Shift   int64 `json:"shift"`   // seconds from the clock to the machine's

	slept int64 // as in clock
}

// ticks are counters of the machine that no step moves, the same for all
// processes.
type ticks struct {
	Boot    string `json:"boot"`    // what they are good for: one boot, one time namespace
	Awake   int64  `json:"awake"`   // nanoseconds, without those of suspension
	Elapsed int64  `json:"elapsed"` // nanoseconds, with them
}

// metaClock is the key of the note.
const metaClock = "clock"

const (
	// stepNoticed is from what difference on the machine's clock counts as
	// stepped. A shift is whole seconds, as the times of a token are; what
	// rounding leaves, half a second, must not count.
	stepNoticed = 700 * time.Millisecond
	// sleepNoticed is from what duration on a suspension counts.
	sleepNoticed = time.Second
)

func newClock(opts Options) *clock {
	c := &clock{command: opts.Command, wall: opts.Wall, ticks: opts.ticks}
	c.begun, _ = c.ticks()
	c.own = session.NewClockAt(c.wall())
	return c
}

// Now implements session.Store.
func (s *Store) Now() time.Time { return s.clock.now() }

// Shift implements session.Store.
func (s *Store) Shift() time.Duration { return s.clock.ahead() }

func (c *clock) now() time.Time {
	if c.command {
		return c.ofServer()
	}
	return c.own.Now().Add(time.Duration(c.slept.Load()))
}

// ofServer is the server's time, read by a command: by the counters where they
// are those of the note, so that it is right in the very moment of a step; else
// by the machine's clock and the noted shift.
func (c *clock) ofServer() time.Time {
	n := c.noted.Load()
	if n == nil { // there was no server yet
		n = &note{}
	}
	at := c.wall().Add(-time.Duration(n.Shift) * time.Second)
	if now, ok := c.ticks(); ok && n.Serving && now.Boot == n.Ticks.Boot {
		at = time.UnixMilli(n.At).Add(time.Duration(now.Awake - n.Ticks.Awake))
	}
	return at.Round(0).UTC().Truncate(time.Millisecond)
}

// ahead is how far the machine's clock is ahead of this one.
func (c *clock) ahead() time.Duration {
	known := time.Duration(c.shift.Load()) * time.Second
	off := c.wall().Sub(c.now())
	if (off - known).Abs() < stepNoticed {
		return known
	}
	off = off.Round(time.Second)
	c.shift.Store(int64(off / time.Second))
	return off
}

// asleep is how long the host was suspended that the clock does not show yet, in
// whole milliseconds; 0 where that cannot be known.
func (c *clock) asleep() time.Duration {
	now, ok := c.ticks()
	if !ok {
		return 0
	}
	missed := now.Elapsed - c.begun.Elapsed - (now.Awake - c.begun.Awake) - c.slept.Load()
	if time.Duration(missed) < sleepNoticed {
		return 0
	}
	return time.Duration(missed).Truncate(time.Millisecond)
}

// due reports whether the server must note its clock again: the machine's was stepped, or the
// host was suspended.
func (c *clock) due() bool {
	n := c.noted.Load()
	return !c.command && n != nil && (n.Shift != int64(c.ahead()/time.Second) || c.asleep() > 0)
}

// note is what the clock is like now.
func (c *clock) note() *note {
	shift := int64(c.ahead() / time.Second)
	now, _ := c.ticks()
	return &note{Serving: true, At: c.now().UnixMilli(), Ticks: now, Shift: shift, slept: c.slept.Load()}
}

// kept makes the server go by a note that is committed; nil is none.
func (c *clock) kept(n *note) {
	if n != nil {
		c.slept.Store(n.slept)
		c.noted.Store(n)
	}
}

// heed makes a command go by what is noted. It reports whether a server runs.
func (c *clock) heed(from *conn, dir string) (serving bool, err error) {
	n, err := readNote(from)
	if err != nil || n == nil {
		return false, err
	}
	n.Serving = n.Serving && hasServer(dir)
	c.shift.Store(n.Shift)
	c.noted.Store(n)
	return n.Serving, nil
}

// beginClock reads the server's clock for a command. A server takes the note of
// an earlier run back: until [Store.Restart] its clock is none to go by.
func (s *Store) beginClock(ctx context.Context) error {
	if s.opts.Command {
		return s.read(ctx, func(c *conn) error {
			_, err := s.clock.heed(c, s.opts.Dir)
			return err
		})
	}
	return s.write(ctx, func(t *tx) error {
		n, err := readNote(t.conn)
		if err != nil || n == nil || !n.Serving {
			return err
		}
		n.Serving = false
		return t.writeNote(n)
	})
}

// keepTime makes sure of the clock at the beginning of a transaction: a command
// reads the server's, the server notes what became of its own. The latter is done
// alone: what rules decide beside it would go by the clock as it was.
func (w *writer) keepTime(t *tx) error {
	c := w.store.clock
	if c.command {
		serving, err := c.heed(t.conn, w.store.opts.Dir)
		t.still = !serving
		return err
	}
	if len(w.batch) > 0 || !c.due() {
		return nil
	}
	n := c.note()
	if asleep := c.asleep(); asleep > 0 {
		w.mirror.clear()
		if _, err := t.exec(`UPDATE seats SET deadline = deadline + ?, reclaim = reclaim + ? WHERE deadline IS NOT NULL`,
			asleep.Milliseconds(), asleep.Milliseconds()); err != nil {
			return err
		}
		n.At += asleep.Milliseconds()
		n.slept += int64(asleep)
		n.Shift -= int64(asleep.Round(time.Second) / time.Second) // it was no step
	}
	t.kept = n
	return t.writeNote(n)
}

// startClock begins the time of a run. What an earlier one has stored is brought
// to the clock of this one. What lies ahead then, as after a start with a wrong
// clock, is taken for having happened now: a session keeps the length of its life
// and does not live for ever [T1].
func (t *tx) startClock(c *clock, now time.Time) error {
	old, err := readNote(t.conn)
	if err != nil {
		return err
	}
	if old != nil && old.Shift != 0 {
		if err := t.shiftTimes(old.Shift * 1000); err != nil {
			return err
		}
	}
	if _, err := t.exec(`UPDATE sessions SET expires_at = expires_at - (created_at - ?), created_at = ?
		WHERE ended_at IS NULL AND created_at > ?`, now, now, now); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE sessions SET last_active = ? WHERE ended_at IS NULL AND last_active > ?`, now, now); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE seats SET since = MIN(since, ?), changed = MIN(changed, ?)`, now, now); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE meta SET value = MIN(CAST(value AS INTEGER), ?) WHERE key = ?`, now, metaDrain); err != nil {
		return err
	}
	t.kept = c.note()
	return t.writeNote(t.kept)
}

// shiftTimes moves the times of sessions and seats by milliseconds.
func (t *tx) shiftTimes(ms int64) error {
	if _, err := t.exec(`UPDATE sessions SET created_at = created_at + ?, last_active = last_active + ?,
		expires_at = expires_at + ?, ended_at = ended_at + ?`, ms, ms, ms, ms); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE seats SET since = since + ?, changed = changed + ?`, ms, ms); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE meta SET value = CAST(value AS INTEGER) + ? WHERE key = ?`, ms, metaDrain)
	return err
}

// readNote reads the note; nil where there is none.
func readNote(c *conn) (*note, error) {
	var n *note
	err := c.query(`SELECT value FROM meta WHERE key = ?`, func(r row) error {
		n = new(note)
		if err := json.Unmarshal([]byte(r.string(0)), n); err != nil {
			return fmt.Errorf("the note of the clock: %w", err)
		}
		return nil
	}, metaClock)
	return n, err
}

func (t *tx) writeNote(n *note) error {
	raw, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return t.setMeta(metaClock, string(raw))
}
