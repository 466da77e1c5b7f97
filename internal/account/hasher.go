package account

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/turnike/turnike/internal/counter"
	"github.com/turnike/turnike/internal/secret"
)

// ErrBusy says that the queue is full or that no slot became free in time. The
// caller may try again later (login_busy).
var ErrBusy = errors.New("too many logins at once")

// The defaults for zero values of HasherConfig [SEC-02].
const (
	defaultQueue = 1024
	defaultWait  = 20 * time.Second
)

// HasherConfig says how passwords are hashed. The zero value means the defaults.
type HasherConfig struct {
	Parameters Parameters    // of new hashes; zero for DefaultParameters
	Pepper     secret.Secret // for new hashes; unset for none
	Slots      int           // hashes at once; 0 for one less than the cores, at least 1
	Queue      int           // the most callers that wait for a slot; 0 for 1024
	Wait       time.Duration // the longest wait for a slot; 0 for 20 s
}

// Hasher computes password hashes, a few at once and in order of arrival. It may be
// used by several goroutines.
type Hasher struct {
	parameters Parameters
	pepper     pepper
	slots      *semaphore.Weighted // first come, first served
	others     *semaphore.Weighted // as many as slots; callers without precedence take one of these first
	capacity   int
	queue      int64
	wait       time.Duration
	dummy      argon2id // computed if there is no hash

	queued, preceding, running    atomic.Int64
	computed, dummies, turnedAway atomic.Uint64
	waits                         *counter.Histogram
}

// Stats are the figures of a Hasher. Queued and Running are of now, the others
// count from the start.
type Stats struct {
	Slots   int    // hashes that can run at once
	Running int    // hashes that run
	Queued  int    // callers that wait for a slot
	Hashes  uint64 // hashes computed, including dummies
	Dummies uint64 // hashes computed only for equal times [SEC-05]
	Busy    uint64 // callers turned away with ErrBusy

	Waits counter.Buckets // seconds that callers waited for a slot, if they got one
}

// NewHasher returns a Hasher. It refuses parameters that are out of bounds;
// Parameters.Check says whether they are strong enough.
func NewHasher(config HasherConfig) (*Hasher, error) {
	if config.Parameters == (Parameters{}) {
		config.Parameters = DefaultParameters()
	}
	if err := config.Parameters.bounds(); err != nil {
		return nil, err
	}
	pepper, err := newPepper(config.Pepper)
	if err != nil {
		return nil, err
	}
	if config.Slots < 1 {
		config.Slots = max(1, runtime.GOMAXPROCS(0)-1)
	}
	if config.Queue < 1 {
		config.Queue = defaultQueue
	}
	if config.Wait <= 0 {
		config.Wait = defaultWait
	}
	return &Hasher{
		parameters: config.Parameters,
		pepper:     pepper,
		slots:      semaphore.NewWeighted(int64(config.Slots)),
		others:     semaphore.NewWeighted(int64(config.Slots)),
		capacity:   config.Slots,
		queue:      int64(config.Queue),
		wait:       config.Wait,
		dummy:      dummyArgon2id(config.Parameters, pepper.id),
		waits:      counter.Latency(),
	}, nil
}

// Hash returns the PHC string to store for a password that Policy.Check has
// accepted. Errors: ErrBusy, ErrPasswordLong, and ctx's while it waits.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > MaxPasswordBytes {
		return "", tooLong(password)
	}
	var hash argon2id
	err := h.run(ctx, false, func() {
		hash = newArgon2id(h.pepper.apply(password), h.parameters, h.pepper.id)
	})
	if err != nil {
		return "", err
	}
	return hash.String(), nil
}

// Verify reports whether the password matches the hash. rehash says that the
// caller should store a new hash, because this one has another kind, a lower cost
// or another pepper than new ones [SEC-01].
//
// If hash is "" or the password is too long, it computes a dummy hash and reports
// no match [SEC-05]. Errors: ErrBusy; ErrHash or ErrPepper if the stored hash cannot
// be checked, which concerns the operator and not the user, and takes as long; and
// ctx's while it waits. A hash that is being computed cannot be stopped.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	return h.verify(ctx, hash, password, false)
}

// VerifyFirst is Verify with precedence [SEC-07]: however many callers without it
// wait, at most as many of them are served first as there are slots.
func (h *Hasher) VerifyFirst(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	return h.verify(ctx, hash, password, true)
}

func (h *Hasher) verify(ctx context.Context, hash, password string, first bool) (ok, rehash bool, err error) {
	check, rehash, unusable := h.checker(hash)
	if check == nil || len(password) > MaxPasswordBytes {
		err := h.run(ctx, first, func() {
			h.dummies.Add(1)
			h.dummy.matches(h.pepper.apply("dummy"))
		})
		if err != nil {
			return false, false, err
		}
		return false, false, unusable
	}
	if err := h.run(ctx, first, func() { ok = check(password) }); err != nil {
		return false, false, err
	}
	return ok, ok && rehash, nil
}

// Check returns an error unless a hash, for example an imported one, can be
// verified. It computes no hash. Errors: ErrHash, ErrPepper.
func (h *Hasher) Check(hash string) error {
	if hash == "" {
		return hashError("it is empty")
	}
	_, _, err := h.checker(hash)
	return err
}

// checker returns how to check a stored hash, and whether it is weaker than a new
// one. It returns nil for "".
func (h *Hasher) checker(hash string) (check func(password string) bool, rehash bool, err error) {
	if inner, ok := strings.CutPrefix(hash, djangoArgon2); ok {
		check, _, err := h.checker("$" + inner)
		return check, true, err
	}
	switch {
	case hash == "":
		return nil, false, nil
	case isForeign(hash):
		stored, err := parseForeign(hash)
		if err != nil {
			return nil, false, err
		}
		return stored.matches, true, nil
	case isBcrypt(hash):
		if err := checkBcrypt(hash); err != nil {
			return nil, false, err
		}
		return func(password string) bool { return matchesBcrypt(hash, password) }, true, nil
	case !strings.HasPrefix(hash, "$argon2id$"):
		return nil, false, hashError("it is none of argon2id, bcrypt, werkzeug's scrypt: and pbkdf2:, and Django's pbkdf2_sha256$ and argon2$")
	}
	stored, err := parseArgon2id(hash)
	if err != nil {
		return nil, false, err
	}
	var spice pepper
	if stored.keyID != "" {
		if spice = h.pepper; stored.keyID != spice.id {
			return nil, false, fmt.Errorf("%w: the hash was made with another pepper (keyid %.16q)", ErrPepper, stored.keyID)
		}
	}
	rehash = stored.weaker(h.parameters) || stored.keyID != h.pepper.id ||
		len(stored.salt) < saltLength || len(stored.key) < keyLength
	return func(password string) bool { return stored.matches(spice.apply(password)) }, rehash, nil
}

// Stats returns the figures.
func (h *Hasher) Stats() Stats {
	return Stats{
		Slots:   h.capacity,
		Running: int(h.running.Load()),
		Queued:  int(h.queued.Load() + h.preceding.Load()),
		Hashes:  h.computed.Load(),
		Dummies: h.dummies.Load(),
		Busy:    h.turnedAway.Load(),
		Waits:   h.waits.Snapshot(),
	}
}

// run takes a slot and calls compute in the caller's goroutine.
func (h *Hasher) run(ctx context.Context, first bool, compute func()) error {
	if err := h.acquire(ctx, first); err != nil {
		return err
	}
	h.running.Add(1)
	// Deferred, so that a panic releases the slot too.
	defer func() {
		h.running.Add(-1)
		h.release(first)
	}()
	compute()
	h.computed.Add(1)
	return nil
}

// acquire takes a slot or waits for one, in a separate queue if first is true.
func (h *Hasher) acquire(ctx context.Context, first bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entered := first || h.others.TryAcquire(1)
	if entered && h.slots.TryAcquire(1) {
		h.waits.Took(0)
		return nil
	}
	queue := &h.queued
	if first {
		queue = &h.preceding
	}
	defer queue.Add(-1)
	start := time.Now()
	waiting, stop := context.WithTimeout(ctx, h.wait)
	defer stop()
	// Counted before the comparison: many callers at once cannot exceed the bound.
	if queue.Add(1) <= h.queue {
		entered = entered || h.others.Acquire(waiting, 1) == nil
		if entered && h.slots.Acquire(waiting, 1) == nil {
			h.waits.Took(time.Since(start))
			return nil
		}
	}
	if entered && !first {
		h.others.Release(1)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	h.turnedAway.Add(1)
	return ErrBusy
}

func (h *Hasher) release(first bool) {
	h.slots.Release(1)
	if !first {
		h.others.Release(1)
	}
}
