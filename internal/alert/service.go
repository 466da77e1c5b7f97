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

// Config says what is reported, and to whom.
type Config struct {
	Store        Store
	SMTP         SMTP
	To           []string
	Language     string
	URL          string // of the server, at the foot of every mail
	FailedLogins int    // this many within 15 minutes are reported; 0 for never
	// Certificate returns the certificate in use; nil without TLS.
	Certificate func() (host string, end time.Time)
	Log         *slog.Logger
}

const (
	metaKey   = "alert"                // in the store
	breath    = 250 * time.Millisecond // the least time between two reads of the log
	idle      = time.Minute            // how often the log is read without Wake, and the cursor saved
	storeWait = 5 * time.Second        // the pause after an error of the store
	certCheck = 24 * time.Hour
	sendGrace = 5 * time.Second // for a delivery in progress when the server stops

	maxRefusals  = 5 // permanent refusals after which a mail is dropped
	firstBackoff = 30 * time.Second
	lastBackoff  = 30 * time.Minute
)

// Service sends alerts. New creates one. Wake and Refused may be called by many
// goroutines, and do nothing on a nil Service.
type Service struct {
	cfg   Config
	words words
	log   *slog.Logger
	wake  chan struct{}

	mu    sync.Mutex // guards fresh
	fresh map[seatless]full

	// The following fields belong to the goroutine of Run.
	state     *state
	dirty     bool // alerts or the digest changed and are not saved
	moved     bool // the cursor moved and is not saved
	wrote     time.Time
	certified time.Time // when the certificate was checked

	sent, failed, dropped, queued atomic.Int64
}

// seatless is a user who found no seat in a pool.
type seatless struct{ pool, user string }

// full is the pool at that time.
type full struct {
	max int
	at  time.Time
}

// New creates a service that continues where the last one stopped. The first one
// of an installation starts at the end of the log.
func New(ctx context.Context, cfg Config) (*Service, error) {
	s := &Service{cfg: cfg, log: cfg.Log, words: words{lang: cfg.Language, url: cfg.URL}, wake: make(chan struct{}, 1),
		fresh: make(map[seatless]full)}
	text, err := cfg.Store.Meta(ctx, metaKey)
	if err != nil {
		return nil, err
	}
	if text != "" {
		if s.state, err = decode(text); err != nil {
			s.log.Error("the state of the mails cannot be read; starting with an empty one", "error", err)
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

// Wake makes the service read the log. It never blocks.
func (s *Service) Wake() {
	if s == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Refused records that a user found no seat [S9]. It never blocks.
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

// Stats are the service's figures. All but Queued count from the start.
type Stats struct {
	Sent    int64 // mails that the SMTP server accepted
	Failed  int64 // deliveries that failed
	Dropped int64 // alerts in mails that were refused permanently by all
	Queued  int64 // alerts that wait now
}

// Stats returns the service's figures, zero on a nil Service.
func (s *Service) Stats() Stats {
	if s == nil {
		return Stats{}
	}
	return Stats{Sent: s.sent.Load(), Failed: s.failed.Load(), Dropped: s.dropped.Load(), Queued: s.queued.Load()}
}

// count updates the number of waiting alerts.
func (s *Service) count() {
	n := len(s.state.Waiting.Alerts) + s.state.Waiting.Omitted + s.state.underWay()
	if s.state.Out != nil {
		n += s.state.Out.Omitted
	}
	s.queued.Store(int64(n))
}

// Run reads and sends until ctx is done. Then it gives a delivery in progress
// sendGrace to finish, and saves its state.
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

// wait waits until next or Wake, and reports whether ctx is still alive.
func (s *Service) wait(ctx context.Context, next time.Time) bool {
	pause := time.NewTimer(breath) // many commits are read at once
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

// turn reads new events, saves the state, sends what is due, and returns when it
// has to be called next.
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

// read reads new events of every pool, and takes over the refusals.
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

// save saves the whole state in one row.
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

// deliver sends what is due and returns when something is due next.
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
		if s.dirty { // before it is sent: its id must survive a crash
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

// attempt sends the digest to the recipients that have not got it yet.
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

// missing returns the configured recipients that have not got the digest.
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

// refuse drops a digest that not all recipients got, or schedules the next try.
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

// backoff returns the wait after that many failed tries. It doubles up to
// lastBackoff, with a random part so that several servers do not retry together.
func backoff(tries int) time.Duration {
	d := firstBackoff
	for range tries - 1 {
		if d = min(2*d, lastBackoff); d == lastBackoff {
			break
		}
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// Test sends a test mail and returns the server's answer. The error is a
// *SendError.
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
