package sqlite

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"github.com/turnike/turnike/internal/session"
)

// Options say where the store is and how much it may hold.
type Options struct {
	Dir     string           // the data directory; made with mode 0700 where there is none
	Log     *slog.Logger     // nil is slog.Default()
	Command bool             // this is not the server: time goes by the server's clock [T1], and what a server uses is not migrated
	Wall    func() time.Time // the machine's clock; nil is time.Now
	Queue   int              // requests that wait to be written; 0 is 4096
	Batch   int              // requests in one transaction; 0 is 256
	Readers int              // connections that read; 0 is 3

	busy  time.Duration // how long one statement waits for another process; 0 is busyTimeout
	watch time.Duration // how often to look for other processes' commits; 0 is watchInterval

	probe time.Duration // how often to look after the file and its writing; 0 is probeInterval

	patience time.Duration // how long writing requests wait for another process; 0 is writePatience

	ticks func() (ticks, bool) // of the machine; nil is readTicks

	// verify is a test's: it is given what the mirror says and what is read.
	verify func(mirrored, read loaded) error
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.ticks == nil {
		o.ticks = readTicks
	}
	if o.Queue <= 0 {
		o.Queue = 4096
	}
	if o.Batch <= 0 {
		o.Batch = 256
	}
	if o.busy <= 0 {
		o.busy = busyTimeout
	}
	if o.patience <= 0 {
		o.patience = writePatience
	}
	if o.watch <= 0 {
		o.watch = watchInterval
	}
	if o.probe <= 0 {
		o.probe = probeInterval
	}
	if o.Readers <= 0 {
		o.Readers = 3
	}
	return o
}

// Store is a session.Store in an SQLite database, and the accounts and pools
// around it. Its methods may be called by many goroutines.
type Store struct {
	opts     Options
	instance string
	clock    *clock
	stats    counters
	file     os.FileInfo           // of the database as it was opened
	down     atomic.Pointer[error] // why nothing can be written; nil: it can [Store.Ready]

	queue    chan *request
	controls chan control
	readers  chan *conn
	readVia  driver.Connector // makes readers

	closing chan struct{} // closed by Close: nothing new is taken
	stopped chan struct{} // closed by the writer: nothing will be answered any more
	close   sync.Once
	opened  int   // readers
	closed  error // what Close returns

	committed atomic.Int64 // the position of the newest own commit: what WaitApplied waits for
}

var _ session.Store = (*Store)(nil)

// Open opens the database of a data directory, makes it where there is none,
// and brings its schema up to date; while a server runs, only that does either.
// Errors: *LostError, *ServedError.
func Open(ctx context.Context, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	if err := create(ctx, opts); err != nil {
		return nil, fmt.Errorf("open the database in %s: %w", opts.Dir, err)
	}
	// As SQLite does wherever it finds it: a commit does not wait for the
	// file's timestamps. An error says that the platform has nothing like it.
	_, _ = sqlite.Fdatasync(true)
	s := &Store{
		opts:     opts,
		clock:    newClock(opts),
		stats:    newCounters(),
		queue:    make(chan *request, opts.Queue),
		controls: make(chan control),
		readers:  make(chan *conn, opts.Readers),
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	var err error
	if s.file, err = os.Stat(filepath.Join(opts.Dir, File)); err != nil {
		return nil, fmt.Errorf("open the database in %s: %w", opts.Dir, err)
	}
	w, err := newWriter(s)
	if err != nil {
		return nil, fmt.Errorf("open the database in %s: %w", opts.Dir, err)
	}
	go w.run() // until Close
	if err := errors.Join(s.openReaders(), s.begin(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database in %s: %w", opts.Dir, err), s.Close())
	}
	return s, nil
}

func (s *Store) openReaders() error {
	c, err := connector(s.opts, true)
	if err != nil {
		return err
	}
	s.readVia = c
	for range s.opts.Readers {
		r, err := open(c)
		if err != nil {
			return err
		}
		s.opened++
		s.readers <- r
	}
	return nil
}

// begin gives the database its name when it has none yet, and makes sure of the
// time.
func (s *Store) begin(ctx context.Context) error {
	if err := s.beginClock(ctx); err != nil {
		return err
	}
	id, err := s.Meta(ctx, metaInstance)
	if err == nil && id == "" {
		err = s.write(ctx, func(t *tx) error {
			_, err := t.exec(`INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING`,
				metaInstance, rand.Text())
			return err
		})
		if err == nil {
			id, err = s.Meta(ctx, metaInstance)
		}
	}
	s.instance = id
	return err
}

// Close answers what is queued and closes the database.
func (s *Store) Close() error {
	s.close.Do(func() {
		close(s.closing)
		<-s.stopped
		for range s.opened {
			r := <-s.readers // when who reads has read
			s.closed = errors.Join(s.closed, r.close())
		}
	})
	return s.closed
}

// Ping tells whether the store can be read.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(c *conn) error {
		return c.query(`SELECT 1 FROM meta LIMIT 1`, func(row) error { return nil })
	})
}

// read runs fn on one of the readers. Its errors become ErrUnavailable unless
// they are the core's own.
func (s *Store) read(ctx context.Context, fn func(*conn) error) error {
	var c *conn
	select {
	case c = <-s.readers:
	default:
		select {
		case c = <-s.readers:
		case <-s.closing:
			return unavailable(errClosed)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { s.readers <- s.renewed(c) }()
	return classify(fn(c))
}

// renewed returns a reader to go on with: another one after a failure, which may
// have left this one in a transaction that would be read for ever.
func (s *Store) renewed(c *conn) *conn {
	if c.failed == nil {
		return c
	}
	if s.present() != nil {
		return c // still the right file
	}
	fresh, err := open(s.readVia)
	if err != nil {
		return c // and once more after the next read
	}
	if err := c.close(); err != nil {
		s.opts.Log.Warn("closing a reader's connection failed", "error", err)
	}
	return fresh
}

// readTx is read with every statement seeing the same commit.
func (s *Store) readTx(ctx context.Context, fn func(*conn) error) error {
	return s.read(ctx, func(c *conn) error {
		if _, err := c.exec(beginRead); err != nil {
			return err
		}
		err := fn(c)
		failed := c.failed
		_, rollback := c.exec(`ROLLBACK`)
		c.failed = cmp.Or(failed, rollback)
		return errors.Join(err, rollback)
	})
}

var errClosed = errors.New("the store is closed")

// unavailable wraps what went wrong below as the core knows it.
func unavailable(err error) error { return fmt.Errorf("%w: %w", session.ErrUnavailable, err) }

// refusal is an answer rather than a failure: its text is for people, and it
// says nothing about the store's health.
type refusal interface {
	error
	refusal()
}

// classify leaves answers as they are and turns failures into ErrUnavailable.
func classify(err error) error {
	if err == nil || errors.Is(err, session.ErrUnavailable) {
		return err
	}
	for _, known := range []error{session.ErrNoUser, session.ErrNoPool, session.ErrUnknown} {
		if errors.Is(err, known) {
			return err
		}
	}
	if _, ok := errors.AsType[refusal](err); ok {
		return err
	}
	return unavailable(err)
}
