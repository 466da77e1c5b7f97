package api

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/login"
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
	done, err := a.logins.Login(r.Context(), login.Request{Name: *in.Username, Password: *in.Password,
		Device: from, UserAgent: r.UserAgent(), Address: a.clientAddress(r),
		Proof: func(user string) string { return a.ownSession(r, user) }, Takeover: in.takeover()})
	if err == nil {
		err = a.admit(w, r, done, from)
	}
	if err != nil {
		a.logRefusal(r, done.User.Name, problemOf(err).Code)
	}
	return err
}

// ownSession returns the live session of the user that the request has a
// credential of, or "" [A5].
func (a *API) ownSession(r *http.Request, user string) string {
	if id, err := a.auth.Request(r); err == nil && id.User.ID == user {
		return id.Session.ID
	}
	return ""
}

// logRefusal logs a refused login. It names only accounts, because people type
// passwords into the field of the name [SEC-56]. There can be very many throttled
// logins; the event log counts them.
func (a *API) logRefusal(r *http.Request, user, code string) {
	level := slog.LevelInfo
	if code == codeRateLimited {
		level = slog.LevelDebug
	}
	a.log.Log(r.Context(), level, "login refused", "user", user, "code", code, "remote", a.clientAddress(r))
}

// admit gives the client the token of the session that was opened.
func (a *API) admit(w http.ResponseWriter, r *http.Request, in login.Result, from login.Device) error {
	logging.Identify(r.Context(), in.User.Name, in.Session.ID)
	claims := Claims(in.Session, in.User, in.Pool, a.core.Wall)
	raw, err := a.keys.Sign(claims)
	if err != nil {
		return err
	}
	setCookie(w, auth.SessionCookie, raw, int(in.Session.Expires.Sub(a.core.Now())/time.Second))
	setCookie(w, auth.DeviceCookie, from.Value, int(session.DeviceLife/time.Second))
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, "application/json", loginAnswer{Token: raw, TokenType: "Bearer",
		ExpiresAt: Timestamp(claims.ExpiresAt), User: userInfo{Username: in.User.Name, Role: in.User.Role, Pool: in.Pool}})
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
