package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mileusna/useragent"
	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/token"
)

// maxLoginBody bounds what is read before anyone is known [SEC-03].
const maxLoginBody = 4 << 10

// credentials is the body of POST /login-token.
type credentials struct {
	Username *string `json:"username"`
	Password *string `json:"password"`
	Takeover *struct {
		Ticket  *string `json:"ticket"`
		Session *string `json:"session"`
	} `json:"takeover"`
}

// credentialMembers are its members: who misspells takeover is to hear of it.
var credentialMembers = members{"username": nil, "password": nil, "takeover": {"ticket": nil, "session": nil}}

// takeover is what the login confirms; nil for nothing.
func (c credentials) takeover() *session.Takeover {
	if c.Takeover == nil {
		return nil
	}
	t := &session.Takeover{Ticket: *c.Takeover.Ticket}
	if named := c.Takeover.Session; named != nil {
		t.Session = *named
	}
	return t
}

type loginAnswer struct {
	Token     string   `json:"token"`
	TokenType string   `json:"token_type"`
	ExpiresAt string   `json:"expires_at"`
	User      userInfo `json:"user"`
}

type userInfo struct {
	Username string       `json:"username"`
	Role     account.Role `json:"role"`
	Pool     string       `json:"pool"`
}

// login is POST /login-token.
func (a *API) login(w http.ResponseWriter, r *http.Request) error {
	in, err := readCredentials(w, r)
	if err != nil {
		return err
	}
	from := device(r)
	user, known, err := a.identify(r, *in.Username, from)
	if err == nil {
		err = a.try(r, in, user, known)
	}
	if err == nil {
		err = a.admit(w, r, session.Login{KnownDevice: known != nil, Takeover: in.takeover()}, user, from)
	}
	if err != nil {
		a.logRefusal(r, user, problemOf(err).Code)
	}
	return err
}

// identify finds who is meant, and whether they have logged in from this device
// before. A name that is nobody's gives a zero user, after as much work [SEC-05].
func (a *API) identify(r *http.Request, name string, from deviceCookie) (user session.User, known []byte, err error) {
	user, err = a.accounts.UserByName(r.Context(), name)
	if err != nil && !errors.Is(err, session.ErrNoUser) {
		return session.User{}, nil, err
	}
	if !from.shown {
		return user, nil, nil
	}
	ok, err := a.accounts.KnownDevice(r.Context(), user.ID, from.hash)
	if ok && !user.Disabled {
		known = from.hash
	}
	return user, known, err
}

// try checks the password, unless too many were wrong lately [SEC-06].
func (a *API) try(r *http.Request, in credentials, user session.User, known []byte) error {
	address := a.clientAddress(r)
	end, err := a.attempts.begin(r.Context(), attempt{name: *in.Username, user: user, device: known, address: address})
	if err != nil {
		if problemOf(err).Code == codeRateLimited {
			a.failures.add(user, address, true)
		}
		return err
	}
	outcome := context.Canceled // a panic decides nothing
	defer func() { end(outcome) }()
	outcome = a.checkPassword(r, user, *in.Password, known != nil)
	if errors.Is(outcome, session.ErrInvalidCredentials) {
		a.failures.add(user, address, false)
	}
	return outcome
}

// logRefusal names only accounts: people type passwords there [SEC-56]. Those that
// were turned away unchecked may be very many, and are counted in the event log.
func (a *API) logRefusal(r *http.Request, user session.User, code string) {
	level := slog.LevelInfo
	if code == codeRateLimited {
		level = slog.LevelDebug
	}
	a.log.Log(r.Context(), level, "login refused", "user", user.Name, "code", code, "remote", a.clientAddress(r))
}

// admit opens the session of a user whose password was right, and answers. Of the
// login it is given what the check of the password has found out.
func (a *API) admit(w http.ResponseWriter, r *http.Request, in session.Login, user session.User, from deviceCookie) error {
	if id, err := a.auth.Request(r); err == nil && id.User.ID == user.ID {
		in.Proof = id.Session.ID // [A5]
	}
	// All that may fail comes before the login: it ends other sessions.
	pool, err := a.accounts.PoolName(r.Context(), user.Pool)
	if err != nil {
		return err
	}
	in.User, in.CredVersion = user.ID, user.CredVersion
	in.Device, in.DeviceHash, in.Address = describeDevice(r.UserAgent()), from.hash, a.clientAddress(r)
	s, err := a.core.Login(r.Context(), a.actor(w, r, user), in)
	if err != nil {
		return err
	}
	logging.Identify(r.Context(), user.Name, s.ID)
	claims := Claims(s, user, pool, a.core.Wall)
	raw, err := a.keys.Sign(claims)
	if err != nil {
		return err
	}
	setCookie(w, auth.SessionCookie, raw, int(s.Expires.Sub(a.core.Now())/time.Second))
	setCookie(w, auth.DeviceCookie, from.value, int(session.DeviceLife/time.Second))
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, "application/json", loginAnswer{Token: raw, TokenType: "Bearer",
		ExpiresAt: Timestamp(claims.ExpiresAt), User: userInfo{Username: user.Name, Role: user.Role, Pool: pool}})
	return nil
}

// Claims are what the token of a session says that was opened right now. Its times
// are for other readers too, so they are the machine's: wall makes them of the
// session's [T1].
func Claims(s session.Session, u session.User, pool string, wall func(time.Time) time.Time) token.Claims {
	begin := wall(s.Created)
	return token.Claims{ID: session.NewSessionID(), Session: s.ID, Subject: u.ID, Username: u.Name, Role: string(u.Role),
		Pool: pool, IssuedAt: begin, NotBefore: begin, ExpiresAt: wall(s.Expires)}
}

// readCredentials reads the body; every check that costs little comes before
// the password is hashed [SEC-02].
func readCredentials(w http.ResponseWriter, r *http.Request) (credentials, error) {
	var in credentials
	mt, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mt != "application/json" || (params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8")) {
		return in, ErrMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLoginBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return in, ErrTooLarge
	case err != nil || !utf8.Valid(body):
		return in, ErrBadRequest
	}
	if credentialMembers.check(body) != nil || json.Unmarshal(body, &in) != nil {
		return in, ErrBadRequest
	}
	if in.Username == nil || in.Password == nil || *in.Username == "" || *in.Password == "" ||
		len(*in.Password) > account.MaxPasswordBytes {
		return in, ErrBadRequest
	}
	if in.Takeover != nil && (in.Takeover.Ticket == nil || *in.Takeover.Ticket == "") {
		return in, ErrBadRequest
	}
	return in, nil
}

// checkPassword takes the same time and says the same for unknown, disabled and
// wrong [SEC-05]. first is for known devices: they do not wait behind strangers.
func (a *API) checkPassword(r *http.Request, user session.User, password string, first bool) error {
	hash := user.PasswordHash
	if user.Disabled {
		hash = ""
	}
	verify := a.hasher.Verify
	if first {
		verify = a.hasher.VerifyFirst
	}
	ok, weak, err := verify(r.Context(), hash, password)
	switch {
	case errors.Is(err, account.ErrHash) || errors.Is(err, account.ErrPepper): // the operator's to hear
		a.log.ErrorContext(r.Context(), "the stored password cannot be checked", "user", user.Name, "error", err)
		return session.ErrInvalidCredentials
	case err != nil:
		return err
	case !ok || user.ID == "" || user.Disabled:
		return session.ErrInvalidCredentials
	}
	if weak { // [SEC-01]
		a.rehash(r, user, password)
	}
	return nil
}

// rehash stores the password with today's parameters; a failure is no reason to
// refuse a login.
func (a *API) rehash(r *http.Request, user session.User, password string) {
	hash, err := a.hasher.Hash(r.Context(), password)
	if err == nil {
		err = a.accounts.Rehash(r.Context(), user.ID, user.PasswordHash, hash)
	}
	if err != nil {
		a.log.WarnContext(r.Context(), "password not rehashed", "user", user.Name, "error", err)
	}
}

// describeDevice is what a person recognises a device by.
func describeDevice(userAgent string) string {
	ua := useragent.Parse(userAgent[:min(len(userAgent), 512)])
	var parts []string
	for _, s := range []string{ua.Name, ua.OS} {
		if s = printable(s); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " · ")
}

// printable keeps user text fit for lists and logs [SEC-57].
func printable(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError || (c >= 0x80 && c < 0xa0) {
			return -1
		}
		return c
	}, s)
	if runes := []rune(s); len(runes) > 64 {
		s = string(runes[:64])
	}
	return s
}
