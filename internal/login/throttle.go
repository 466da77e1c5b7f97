package login

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/counter"
	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/session"
)

// Limits say what failed logins cost [SEC-06]. A limit without Free is off.
type Limits struct {
	Account ratelimit.Backoff // per account, and per known device
	Network ratelimit.Backoff // per client address
	Global  ratelimit.Backoff // for all clients together
}

// ThrottledError refuses a login whose password was not compared, because too many
// were wrong lately.
type ThrottledError struct {
	Wait time.Duration // until the next attempt can succeed; a second or more
}

func (e *ThrottledError) Error() string { return "login: too many wrong passwords" }

// The names of the limits in the figures.
const (
	limitAccount = "account"
	limitDevice  = "device"
	limitNetwork = "network"
	limitGlobal  = "global"
)

// Bounds on logins that wait for the outcome of earlier ones of their account or
// address: how many, and how long. They are those of the hasher's queue [SEC-02].
const (
	maxWaiting = 1024
	waitFor    = 20 * time.Second
)

// throttle counts each attempt before its password is compared, and takes the
// correct ones back.
//
// A known device of the user has a count of its own, so strangers cannot use up
// the attempts of the owner [SEC-07]. All other attempts count by the account's
// canonical name, whether such an account exists or not, by network, and together.
type throttle struct {
	account, network, global *ratelimit.Failures // nil is no limit
	waiting                  atomic.Int64
	refused                  *counter.Codes // by limit
}

func newThrottle(l Limits) *throttle {
	failures := func(b ratelimit.Backoff) *ratelimit.Failures {
		if b.Free <= 0 {
			return nil
		}
		return ratelimit.NewFailures(b, nil)
	}
	return &throttle{account: failures(l.Account), network: failures(l.Network), global: failures(l.Global),
		refused: counter.NewCodes(limitAccount, limitDevice, limitNetwork, limitGlobal)}
}

// attempt is one login whose password has not been compared yet.
type attempt struct {
	name    string       // as typed
	user    session.User // zero when no account has the name
	device  []byte       // hash of a device that is known to the user; otherwise nil
	address string
}

// accountKey returns a key of fixed size. The name itself is not kept, because
// people type passwords into that field.
func (a attempt) accountKey() string {
	sum := sha256.Sum256([]byte(account.Canonical(a.name)))
	return "account " + string(sum[:])
}

// limit is one limit that applies to an attempt.
type limit struct {
	name     string
	failures *ratelimit.Failures // nil when the limit is off
	key      string
	version  int64             // of the password: a new one clears the failures
	success  ratelimit.Outcome // of a correct password
}

// limits returns the limits that apply to the attempt.
func (t *throttle) limits(a attempt) []limit {
	if a.device != nil {
		return []limit{{limitDevice, t.account, "device " + a.user.ID + string(a.device), a.user.CredVersion, ratelimit.Succeeded}}
	}
	return []limit{
		{limitAccount, t.account, a.accountKey(), a.user.CredVersion, ratelimit.Succeeded},
		{limitNetwork, t.network, ratelimit.Network(a.address), 0, ratelimit.Passed},
		{limitGlobal, t.global, "", 0, ratelimit.Passed},
	}
}

// begin counts the attempt by every limit that applies, or refuses it. The caller
// must call end once, with the error of the password check.
func (t *throttle) begin(ctx context.Context, a attempt) (end func(error), err error) {
	var ends []func(error)
	end = func(err error) {
		for _, fn := range ends {
			fn(err)
		}
	}
	for _, l := range t.limits(a) {
		if l.failures == nil {
			continue
		}
		counted, err := t.reserve(ctx, l.failures, l.key, l.version)
		if err != nil {
			if _, throttled := errors.AsType[*ThrottledError](err); throttled {
				t.refused.Add(l.name)
			}
			end(err) // takes the attempt back from the limits before this one
			return nil, err
		}
		ends = append(ends, func(err error) { counted(outcome(err, l.success)) })
	}
	if a.device != nil && t.account != nil {
		ends = append(ends, func(err error) {
			if err == nil { // the owner has logged in: the failures of strangers are cleared
				t.account.Forget(a.accountKey())
			}
		})
	}
	return end, nil
}

// outcome translates the error of a password check for a limit.
func outcome(err error, success ratelimit.Outcome) ratelimit.Outcome {
	switch {
	case err == nil:
		return success
	case errors.Is(err, session.ErrInvalidCredentials):
		return ratelimit.Failed
	default: // the password was not compared
		return ratelimit.Undecided
	}
}

// reserve counts an attempt by one limit. When only earlier attempts that are still
// undecided use the limit up, it waits for their outcome, at most waitFor.
func (t *throttle) reserve(ctx context.Context, f *ratelimit.Failures, key string, version int64) (func(ratelimit.Outcome), error) {
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > maxWaiting {
		return nil, account.ErrBusy
	}
	bounded, stop := context.WithTimeout(ctx, waitFor)
	defer stop()
	end, wait, err := f.Begin(bounded, key, version)
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, account.ErrBusy
	case end == nil:
		return nil, &ThrottledError{Wait: max(wait, time.Second)}
	}
	return end, nil
}
