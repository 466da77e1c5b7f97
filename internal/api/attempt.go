package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/tally"
)

// LoginLimits are what failed logins cost whom [SEC-06]. One without Free is no
// limit.
type LoginLimits struct {
	Account ratelimit.Backoff // of one account, and of one known device
	Network ratelimit.Backoff // of one address
	Global  ratelimit.Backoff // of everybody
}

// The limits, as throttled logins are counted.
const (
	limitAccount = "account"
	limitDevice  = "device"
	limitNetwork = "network"
	limitGlobal  = "global"
)

// How many logins may wait for the outcome of others of their account or address,
// and how long: as for the hash itself [SEC-02].
const (
	maxAwaiting = 1024
	awaitFor    = 20 * time.Second
)

// attempts counts passwords that were wrong, before they are hashed.
//
// Whoever has logged in to the account from a device with a cookie is counted
// apart, by that device: strangers cannot use up what it has [SEC-07]. All others
// are counted by the account's canonical name, known or not, by network and
// together.
type attempts struct {
	account, network, global *ratelimit.Failures // nil is no limit
	awaiting                 atomic.Int64
	throttled                *tally.Codes
}

func newAttempts(l LoginLimits) *attempts {
	limit := func(b ratelimit.Backoff) *ratelimit.Failures {
		if b.Free <= 0 {
			return nil
		}
		return ratelimit.NewFailures(b, nil)
	}
	return &attempts{account: limit(l.Account), network: limit(l.Network), global: limit(l.Global),
		throttled: tally.NewCodes(limitAccount, limitDevice, limitNetwork, limitGlobal)}
}

// attempt is one login whose password is not checked yet.
type attempt struct {
	name    string       // as typed
	user    session.User // zero where there is none of that name
	device  []byte       // hash of a cookie of a device that is known to the user; else nil
	address string
}

// accountKey is of a bounded size, and no name that could be a password is kept.
func (t attempt) accountKey() string {
	sum := sha256.Sum256([]byte(account.Canonical(t.name)))
	return "account " + string(sum[:])
}

// limit is one of those that an attempt is under.
type limit struct {
	kind     string
	failures *ratelimit.Failures // nil: it does not hold
	key      string
	version  int64             // a new password forgets what failed
	success  ratelimit.Outcome // what a right password is to it
}

// limits are those that the attempt is under.
func (a *attempts) limits(t attempt) []limit {
	if t.device != nil {
		return []limit{{limitDevice, a.account, "device " + t.user.ID + string(t.device), t.user.CredVersion, ratelimit.Succeeded}}
	}
	return []limit{
		{limitAccount, a.account, t.accountKey(), t.user.CredVersion, ratelimit.Succeeded},
		{limitNetwork, a.network, ratelimit.Network(t.address), 0, ratelimit.Passed},
		{limitGlobal, a.global, "", 0, ratelimit.Passed},
	}
}

// begin counts the attempt in with every limit that it is under, or refuses it.
// The caller calls end once, with what the check of the password gave.
func (a *attempts) begin(ctx context.Context, t attempt) (end func(error), err error) {
	var ends []func(error)
	end = func(err error) {
		for _, fn := range ends {
			fn(err)
		}
	}
	for _, l := range a.limits(t) {
		if l.failures == nil {
			continue
		}
		counted, err := a.reserve(ctx, l.failures, l.key, l.version)
		if err != nil {
			if problemOf(err).Code == codeRateLimited {
				a.throttled.Add(l.kind)
			}
			end(err) // which decides nothing
			return nil, err
		}
		ends = append(ends, func(err error) { counted(outcome(err, l.success)) })
	}
	if t.device != nil && a.account != nil {
		ends = append(ends, func(err error) {
			if err == nil { // the owner is there: what strangers did is over
				a.account.Forget(t.accountKey())
			}
		})
	}
	return end, nil
}

// outcome is what the check of a password gave, to a limit.
func outcome(err error, success ratelimit.Outcome) ratelimit.Outcome {
	switch {
	case err == nil:
		return success
	case errors.Is(err, session.ErrInvalidCredentials):
		return ratelimit.Failed
	default: // nothing was checked
		return ratelimit.Undecided
	}
}

// reserve counts a try in with one limit; it waits for the outcome of those that
// are ahead, but not for ever.
func (a *attempts) reserve(ctx context.Context, f *ratelimit.Failures, key string, version int64) (func(ratelimit.Outcome), error) {
	defer a.awaiting.Add(-1)
	if a.awaiting.Add(1) > maxAwaiting {
		return nil, account.ErrBusy
	}
	waiting, stop := context.WithTimeout(ctx, awaitFor)
	defer stop()
	end, wait, err := f.Begin(waiting, key, version)
	switch {
	case ctx.Err() != nil && err != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, account.ErrBusy
	case end == nil:
		return nil, &Problem{Status: http.StatusTooManyRequests, Code: codeRateLimited, Retry: max(wait, time.Second)}
	}
	return end, nil
}
