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

	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/tally"
)

// ErrBusy says that no slot became free in time or that the queue is full; the
// caller may try again later (login_busy).
var ErrBusy = errors.New("too many logins at once")

// What HasherConfig's zero values stand for [SEC-02].
const (
	defaultQueue = 1024
	defaultWait  = 20 * time.Second
)

// HasherConfig says how passwords are hashed. Its zero value is the default.
type HasherConfig struct {
	Parameters Parameters    // of new hashes; zero: DefaultParameters
	Pepper     secret.Secret // goes into new hashes; unset: none
	Slots      int           // hashes at once; 0: one less than the cores, at least 1
	Queue      int           // callers that wait for a slot at most; 0: 1024
	Wait       time.Duration // how long each waits at most; 0: 20 s
}

// Hasher computes password hashes, a few at once and the others in order.
// It is safe for use by several goroutines.
type Hasher struct {
	parameters Parameters
	pepper     pepper
	slots      *semaphore.Weighted // first come, first served
	others     *semaphore.Weighted // as many as slots; who has no precedence takes this one first
	capacity   int
	queue      int64
	wait       time.Duration
	dummy      argon2id // what is computed where there is no hash

	queued, preceding, running    atomic.Int64
	computed, dummies, turnedAway atomic.Uint64
	waits                         *tally.Histogram
}

// Stats is what a Hasher does now (Queued, Running) and did since its start.
type Stats struct {
	Slots   int    // hashes that can run at once
	Running int    // hashes that run
	Queued  int    // callers that wait for a slot
	Hashes  uint64 // hashes computed, the dummies among them
	Dummies uint64 // hashes computed only to take the time [SEC-05]
	Busy    uint64 // callers turned away with ErrBusy

	Waits tally.Buckets // seconds until a slot was free, of those who got one
}

// NewHasher makes a Hasher. It refuses parameters that no hash could be
// checked with; whether they are strong enough is Parameters.Check's to say.
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
		waits:      tally.Latency(),
	}, nil
}

// Hash gives the PHC string to store for a password that Policy.Check has
// accepted. It fails with ErrBusy, with ErrPasswordLong, or when ctx ends
// while it waits.
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

// Verify tells whether password is the one that hash was made of, and whether
// to store a new hash of it: one of another kind, of lower cost or with
// another pepper than new ones have [SEC-01].
//
// With hash "" it takes the time that a check takes and says no [SEC-05]; so
// it does for a password that is too long to be any. It fails with ErrBusy,
// with ErrHash or ErrPepper when the stored hash cannot be checked (which is
// the operator's to hear, not the user's; the time is taken then too), or when
// ctx ends while it waits. A cancelled caller leaves the queue at once; a hash
// that runs cannot be stopped.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	return h.verify(ctx, hash, password, false)
}

// VerifyFirst is Verify for who must not wait behind strangers [SEC-07]: whatever
// their queue, at most as many of them are ahead as there are slots.
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

// Check says whether a hash, say one from an import, can be verified: it fails
// with ErrHash or ErrPepper. It computes nothing.
func (h *Hasher) Check(hash string) error {
	if hash == "" {
		return hashError("it is empty")
	}
	_, _, err := h.checker(hash)
	return err
}

// checker finds out how to check a stored hash, and whether it is weaker than
// a new one. For "" it gives nil.
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

// Stats gives the figures of now.
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

// run calls compute in a slot, on the caller's goroutine.
func (h *Hasher) run(ctx context.Context, first bool, compute func()) error {
	if err := h.acquire(ctx, first); err != nil {
		return err
	}
	h.running.Add(1)
	// Deferred, so that even a panic gives the slot back.
	defer func() {
		h.running.Add(-1)
		h.release(first)
	}()
	compute()
	h.computed.Add(1)
	return nil
}

// acquire takes a slot, or waits for one: in a queue of its own where first.
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
	// Counted before it is compared: those who come at once cannot all slip
	// past the bound.
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
