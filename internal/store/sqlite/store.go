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
	"github.com/turnike/turnike/internal/store"
)

// Options say where the store is, and set its bounds.
type Options struct {
	Dir     string           // the data directory; created with mode 0700 if it does not exist
	Log     *slog.Logger     // nil is slog.Default()
	Command bool             // a command, not the server: it uses the server's clock [T1] and does not migrate a database in use
	Wall    func() time.Time // the machine's clock; nil is time.Now
	Queue   int              // the most requests that may wait; 0 is 4096
	Batch   int              // the most requests in one transaction; 0 is 256
	Readers int              // connections that read; 0 is 3

	busy  time.Duration // the longest wait of one statement for another process; 0 is busyTimeout
	watch time.Duration // how often to look for other processes' commits; 0 is watchInterval

	probe time.Duration // how often to check the file, and whether it can be written; 0 is probeInterval

	patience time.Duration // the longest wait of requests for another process; 0 is writePatience

	ticks func() (ticks, bool) // of the machine; nil is readTicks

	// verify is set by tests. It compares the mirror with the database.
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

// Store is a store.Store in an SQLite database. Its methods may be called by
// many goroutines.
type Store struct {
	opts     Options
	instance string
	clock    *clock
	stats    counters
	file     os.FileInfo           // of the database as it was opened
	down     atomic.Pointer[error] // why the database cannot be written; nil if it can [Store.Ready]

	queue    chan *request
	controls chan control
	readers  chan *conn
	readVia  driver.Connector // opens readers

	closing chan struct{} // closed by Close: no new requests
	stopped chan struct{} // closed by the writer: no more answers
	close   sync.Once
	opened  int   // readers
	closed  error // what Close returns

	committed atomic.Int64 // the position of the newest own commit: what WaitApplied waits for
}

var _ store.Store = (*Store)(nil)

// Open opens the database of a data directory, creates it if there is none, and
// brings its schema up to date. While a server runs, a command does neither.
// Errors: *LostError, *ServedError.
func Open(ctx context.Context, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	if err := create(ctx, opts); err != nil {
		return nil, fmt.Errorf("open the database in %s: %w", opts.Dir, err)
	}
	// SQLite uses fdatasync where it exists: a commit does not wait for the file's
	// timestamps. The error says that the platform has no fdatasync.
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

// begin sets the clock, and gives a new database its id.
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

// Close answers the queued requests and closes the database.
func (s *Store) Close() error {
	s.close.Do(func() {
		close(s.closing)
		<-s.stopped
		for range s.opened {
			r := <-s.readers // waits for reads in progress
			s.closed = errors.Join(s.closed, r.close())
		}
	})
	return s.closed
}

// Ping implements store.Health.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(c *conn) error {
		return c.query(`SELECT 1 FROM meta LIMIT 1`, func(row) error { return nil })
	})
}

// read runs fn on one of the readers. It turns failures into ErrUnavailable, see
// [classify].
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

// renewed returns the reader, or a new one after a failure: the old one may still
// be inside a transaction and would show that state forever.
func (s *Store) renewed(c *conn) *conn {
	if c.failed == nil {
		return c
	}
	if s.present() != nil {
		return c // the file was moved: a new connection would not help
	}
	fresh, err := open(s.readVia)
	if err != nil {
		return c // try again after the next read
	}
	if err := c.close(); err != nil {
		s.opts.Log.Warn("closing a reader's connection failed", "error", err)
	}
	return fresh
}

// readTx is read in one transaction: all statements see the same commit.
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

// unavailable wraps an error of the database in the core's ErrUnavailable.
func unavailable(err error) error { return fmt.Errorf("%w: %w", session.ErrUnavailable, err) }

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
	if _, ok := errors.AsType[store.Refusal](err); ok {
		return err
	}
	return unavailable(err)
}
