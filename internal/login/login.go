package login

import (
	"context"
	"errors"
	"log/slog"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// Accounts is the part of the store that logins use.
type Accounts interface {
	// UserByName returns the account with any spelling of the name. Error:
	// session.ErrNoUser.
	UserByName(ctx context.Context, name string) (session.User, error)
	// Rehash replaces a password hash, unless it is no longer the old one.
	Rehash(ctx context.Context, user, old, hash string) error
	// KnownDevice reports whether the user has logged in from the device before.
	KnownDevice(ctx context.Context, user string, hash []byte) (bool, error)
	// PoolName returns the name of a pool.
	PoolName(ctx context.Context, id session.PoolID) (string, error)
	// LogEvents writes to the event log.
	LogEvents(ctx context.Context, events []session.Event) error
}

// Config is what a Service needs.
type Config struct {
	Core     *session.Core
	Accounts Accounts
	Hasher   *account.Hasher
	Limits   Limits
	Log      *slog.Logger
}

// Service logs users in. Its methods may be called from several goroutines.
type Service struct {
	core     *session.Core
	accounts Accounts
	hasher   *account.Hasher
	throttle *throttle
	failed   failedLogins // of the current minute
	log      *slog.Logger
}

// New returns a Service. Its Run must run as long as it is used.
func New(c Config) *Service {
	return &Service{core: c.Core, accounts: c.Accounts, hasher: c.Hasher, throttle: newThrottle(c.Limits), log: c.Log}
}

// Request is one attempt to log in.
type Request struct {
	Name, Password string
	Device         Device
	UserAgent      string // the device is shown to people as the browser and system in it
	Address        string // of the client
	RequestID      string // of the HTTP request, for the event log; may be ""
	// Proof returns the id of a live session of the user for which the client has
	// shown a credential, or "" [A5]. It is called only after the password was right.
	Proof    func(user string) (session string)
	Takeover *session.Takeover // what the login confirms; nil for nothing
}

// Result is what a login found out. User is set after a refusal too, unless no
// account has the name; Session and Pool only when the session was opened.
type Result struct {
	User    session.User
	Session session.Session
	Pool    string
}

// Login opens a session, or returns why it does not: *ThrottledError,
// account.ErrBusy, session.ErrUnavailable, or an error of [session.Core.Login].
func (s *Service) Login(ctx context.Context, in Request) (Result, error) {
	user, known, err := s.identify(ctx, in.Name, in.Device)
	if err != nil {
		return Result{User: user}, err
	}
	if err := s.authenticate(ctx, in, user, known); err != nil {
		return Result{User: user}, err
	}
	return s.open(ctx, in, user, known)
}

// identify returns the account with the name, and whether the user has logged in
// from this device before. When no account has the name, it does as much work and
// returns a zero user [SEC-05].
func (s *Service) identify(ctx context.Context, name string, from Device) (user session.User, known bool, err error) {
	user, err = s.accounts.UserByName(ctx, name)
	if err != nil && !errors.Is(err, session.ErrNoUser) {
		return session.User{}, false, err
	}
	if !from.Shown {
		return user, false, nil
	}
	known, err = s.accounts.KnownDevice(ctx, user.ID, from.Hash)
	return user, known && !user.Disabled, err
}

// authenticate compares the password, unless too many were wrong lately [SEC-06].
func (s *Service) authenticate(ctx context.Context, in Request, user session.User, known bool) error {
	a := attempt{name: in.Name, user: user, address: in.Address}
	if known {
		a.device = in.Device.Hash
	}
	end, err := s.throttle.begin(ctx, a)
	if err != nil {
		if _, throttled := errors.AsType[*ThrottledError](err); throttled {
			s.failed.add(user, in.Address, true)
		}
		return err
	}
	outcome := context.Canceled // after a panic the attempt counts for nothing
	defer func() { end(outcome) }()
	outcome = s.checkPassword(ctx, user, in.Password, known)
	if errors.Is(outcome, session.ErrInvalidCredentials) {
		s.failed.add(user, in.Address, false)
	}
	return outcome
}

// open opens the session of a user whose password was right.
func (s *Service) open(ctx context.Context, in Request, user session.User, known bool) (Result, error) {
	l := session.Login{User: user.ID, CredVersion: user.CredVersion, Device: deviceLabel(in.UserAgent), DeviceHash: in.Device.Hash,
		Address: in.Address, KnownDevice: known, Takeover: in.Takeover}
	if in.Proof != nil {
		l.Proof = in.Proof(user.ID)
	}
	// The pool is read before the login: a login ends other sessions, so nothing may
	// fail after it.
	pool, err := s.accounts.PoolName(ctx, user.Pool)
	if err != nil {
		return Result{User: user}, err
	}
	by := session.Actor{Kind: session.KindUser, ID: user.ID, Name: user.Name, Address: in.Address, Request: in.RequestID}
	opened, err := s.core.Login(ctx, by, l)
	if err != nil {
		return Result{User: user}, err
	}
	return Result{User: user, Session: opened, Pool: pool}, nil
}

// Stats are the figures of a Service since its start.
type Stats struct {
	Throttled map[string]uint64 // logins refused unchecked, by limit: account, device, network, global
}

// Stats returns the figures.
func (s *Service) Stats() Stats { return Stats{Throttled: s.throttle.refused.Snapshot()} }
