package alert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/internal/feed"
	"github.com/turnike/turnike/internal/session"
)

// Store is the event log, and where the alerts' state is saved.
type Store interface {
	feed.Log
	// Meta and SetMeta read and replace the text under a key.
	Meta(ctx context.Context, key string) (string, error)
	SetMeta(ctx context.Context, key, value string) error
}

// Config says what is told to whom.
type Config struct {
	Store        Store
	SMTP         SMTP
	To           []string
	Language     string
	URL          string // of the settings, in every mail's foot
	FailedLogins int    // within 15 minutes are too many; 0: never
	// Certificate is the present certificate; nil without one.
	Certificate func() (host string, end time.Time)
	Log         *slog.Logger
}

const (
	metaKey   = "alert"                // in the store
	breath    = 250 * time.Millisecond // between two looks at the log
	idle      = time.Minute            // the log is looked at that often without being woken, and the place written down
	storeWait = 5 * time.Second        // after the store has failed
	certCheck = 24 * time.Hour
	sendGrace = 5 * time.Second // for a mail under way when the server stops

	maxRefusals  = 5 // of one mail, for good; then it is dropped
	firstBackoff = 30 * time.Second
	lastBackoff  = 30 * time.Minute
)

// Service sends alerts. Make one with New; Wake and Refused may be called by
// many goroutines, and on a nil Service they do nothing.
type Service struct {
	cfg   Config
	words words
	log   *slog.Logger
	wake  chan struct{}

	mu    sync.Mutex // guards fresh
	fresh map[seatless]full

	// What follows belongs to the goroutine of Run.
	state     *state
	dirty     bool // something is to be told that is not written down
	moved     bool // the place is not written down
	wrote     time.Time
	certified time.Time // the certificate was looked at

	sent, failed, dropped, queued atomic.Int64
}

// seatless is somebody who found no seat in a pool.
type seatless struct{ pool, user string }

// full is the pool as it was then.
type full struct {
	max int
	at  time.Time
}

// New makes a service that goes on where the last one stopped. The first one of
// all begins with what happens from now on.
func New(ctx context.Context, cfg Config) (*Service, error) {
	s := &Service{cfg: cfg, log: cfg.Log, words: words{lang: cfg.Language, url: cfg.URL}, wake: make(chan struct{}, 1),
		fresh: make(map[seatless]full)}
	text, err := cfg.Store.Meta(ctx, metaKey)
	if err != nil {
		return nil, err
	}
	if text != "" {
		if s.state, err = decode(text); err != nil {
			s.log.Error("the state of the mails cannot be read; it begins anew", "error", err)
		}
	}
	if s.state == nil {
		pools, err := cfg.Store.Heads(ctx)
		if err != nil {
			return nil, err
		}
		s.state = begin(pools)
		if err := s.save(ctx, time.Now()); err != nil {
			return nil, err
		}
	}
	s.state.Pace.mend(time.Now())
	s.count()
	return s, nil
}

// Wake says that something was committed. It never blocks.
func (s *Service) Wake() {
	if s == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Refused says that somebody found no seat [S9]. It never blocks.
func (s *Service) Refused(user string, e *session.SeatError) {
	if s == nil {
		return
	}
	s.mu.Lock()
	key := seatless{e.Pool, user}
	if _, known := s.fresh[key]; known || len(s.fresh) < maxRefused {
		s.fresh[key] = full{max: e.Max, at: time.Now()}
	}
	s.mu.Unlock()
	s.Wake()
}

// Stats are the service's figures since the start, but for Queued.
type Stats struct {
	Sent    int64 // mails that the server has accepted
	Failed  int64 // tries that failed
	Dropped int64 // alerts that nobody was told of: refused for good
	Queued  int64 // alerts that wait now
}

// Stats returns the service's figures; nil has none.
func (s *Service) Stats() Stats {
	if s == nil {
		return Stats{}
	}
	return Stats{Sent: s.sent.Load(), Failed: s.failed.Load(), Dropped: s.dropped.Load(), Queued: s.queued.Load()}
}

// count shows how much waits.
func (s *Service) count() {
	n := len(s.state.Waiting.Alerts) + s.state.Waiting.Omitted + s.state.underWay()
	if s.state.Out != nil {
		n += s.state.Out.Omitted
	}
	s.queued.Store(int64(n))
}

// Run reads and sends until ctx is done. A mail under way then has a moment to
// be accepted, and the place is written down.
func (s *Service) Run(ctx context.Context) {
	for {
		next, err := s.turn(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.log.Warn("mails wait for the database", "error", err)
			}
			next = time.Now().Add(storeWait)
		}
		if !s.wait(ctx, next) {
			break
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendGrace)
	defer cancel()
	if !s.dirty && !s.moved {
		return
	}
	if err := s.save(last, time.Now()); err != nil {
		s.log.Warn("the place of the mails was not written down", "error", err)
	}
}

// wait waits until next, or until it is woken; false when ctx is done.
func (s *Service) wait(ctx context.Context, next time.Time) bool {
	pause := time.NewTimer(breath) // a busy log is read in gulps
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-pause.C:
	}
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-s.wake:
	}
	return true
}

// turn reads what is new, writes it down, sends what is due, and says when it
// wants to be called again.
func (s *Service) turn(ctx context.Context) (time.Time, error) {
	if err := s.read(ctx); err != nil {
		return time.Time{}, err
	}
	now := time.Now()
	if s.cfg.Certificate != nil && (s.certified.IsZero() || now.Sub(s.certified) >= certCheck) {
		s.certified = now
		host, end := s.cfg.Certificate()
		s.dirty = s.state.expiring(host, end, now) || s.dirty
	}
	s.count()
	if s.dirty || s.moved && now.Sub(s.wrote) >= idle {
		if err := s.save(ctx, now); err != nil {
			return time.Time{}, err
		}
	}
	return s.deliver(ctx)
}

// read reads the log of every pool on, and takes in who found no seat.
func (s *Service) read(ctx context.Context) error {
	pools, err := s.state.Cursor.Follow(ctx, s.cfg.Store, func(b feed.Batch) {
		for _, e := range b.Events {
			s.dirty = s.state.see(e, b.Pool.Name, s.cfg.FailedLogins) || s.dirty
		}
		s.moved = true
	})
	if err != nil {
		return err
	}
	byName := make(map[string]session.PoolID, len(pools))
	for _, p := range pools {
		byName[p.Name] = p.ID
	}
	s.mu.Lock()
	fresh := s.fresh
	s.fresh = make(map[seatless]full)
	s.mu.Unlock()
	s.state.Refused.expire(time.Now())
	for who, pool := range fresh {
		if id, known := byName[who.pool]; known {
			s.dirty = s.state.refused(id, who.pool, who.user, pool.max, pool.at) || s.dirty
			s.moved = true
		}
	}
	return nil
}

// save writes everything down, in one row.
func (s *Service) save(ctx context.Context, now time.Time) error {
	text, err := s.state.encode()
	if err != nil {
		return err
	}
	if err := s.cfg.Store.SetMeta(ctx, metaKey, text); err != nil {
		return err
	}
	s.dirty, s.moved, s.wrote = false, false, now
	return nil
}

// deliver sends what is due and says when something is due next.
func (s *Service) deliver(ctx context.Context) (time.Time, error) {
	for ctx.Err() == nil {
		now := time.Now()
		if s.state.Out == nil {
			at, any := s.state.due()
			if !any || at.After(now) {
				if !any || at.After(now.Add(idle)) {
					at = now.Add(idle)
				}
				return at, nil
			}
			s.state.compose(now)
			s.dirty = true
		}
		if s.dirty { // before it is sent: a crash must not forget its id
			if err := s.save(ctx, now); err != nil {
				return time.Time{}, err
			}
		}
		if next := s.state.Out.Next; next.After(now) {
			return earlier(next, now.Add(idle)), nil
		}
		s.attempt(ctx)
		s.dirty = true
		s.count()
		if err := s.save(context.WithoutCancel(ctx), time.Now()); err != nil {
			return time.Time{}, err
		}
	}
	return time.Now(), nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// attempt sends the digest under way to those who have not got it.
func (s *Service) attempt(ctx context.Context) {
	d := s.state.Out
	to := s.missing(d)
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(sendGrace, cancel) })()
	subject, body := s.words.digest(d)
	got, err := s.cfg.SMTP.send(sending, letter{id: d.ID, made: d.Made, subject: subject, body: body}, to)
	now := time.Now()
	if len(got.accepted) > 0 {
		d.Done = append(d.Done, got.accepted...)
		s.state.Pace.note(d.Alerts, now)
		s.sent.Add(1)
		s.log.Info("mail sent", "id", d.ID, "alerts", len(d.Alerts)+d.Omitted, "recipients", len(got.accepted))
	}
	if err == nil && len(got.refused) == 0 {
		s.state.Out = nil
		return
	}
	s.refuse(d, got, err, now)
}

// missing are the recipients that have not got the digest: of those that are
// configured now.
func (s *Service) missing(d *digest) []string {
	done := make(map[string]bool, len(d.Done))
	for _, address := range d.Done {
		done[address] = true
	}
	var to []string
	for _, address := range s.cfg.To {
		if a, err := ParseAddress(address); err != nil || !done[a.Address] {
			to = append(to, address)
		}
	}
	return to
}

// refuse decides what becomes of a digest that not everybody has got.
func (s *Service) refuse(d *digest, got delivery, err error, now time.Time) {
	s.failed.Add(1)
	d.Tries++
	permanent := got.permanent()
	if e, ok := errors.AsType[*SendError](err); ok {
		permanent = e.Permanent
	} else if err == nil {
		err = got.refused[0]
	}
	if permanent {
		d.Refused++
	}
	if d.Refused >= maxRefusals {
		if len(d.Done) == 0 {
			s.dropped.Add(int64(len(d.Alerts) + d.Omitted))
		}
		s.log.Error("mail dropped: the server refuses it", "id", d.ID, "alerts", len(d.Alerts)+d.Omitted, "tries", d.Tries, "error", err)
		s.state.Out = nil
		return
	}
	d.Next = now.Add(backoff(d.Tries))
	s.log.Warn("mail not sent", "id", d.ID, "tries", d.Tries, "next", d.Next.UTC(), "error", err)
}

// backoff is how long to wait after so many tries that failed: ever longer, and
// not in step with others.
func backoff(tries int) time.Duration {
	d := firstBackoff
	for range tries - 1 {
		if d = min(2*d, lastBackoff); d == lastBackoff {
			break
		}
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// Test sends a mail that says that it is a test, and returns what the server
// answered. The error is a *SendError.
func Test(ctx context.Context, cfg Config) (string, error) {
	w := words{lang: cfg.Language, url: cfg.URL}
	subject, body := w.test(cmp.Or(cfg.SMTP.Hello, "localhost"))
	now := time.Now()
	got, err := cfg.SMTP.send(ctx, letter{id: fmt.Sprintf("test.%d", now.UnixNano()), made: now, subject: subject, body: body}, cfg.To)
	if err != nil {
		return "", err
	}
	if len(got.refused) > 0 {
		return got.answer, got.refused[0]
	}
	return got.answer, nil
}
