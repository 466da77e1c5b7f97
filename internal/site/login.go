package site

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/logging"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/webhttp"
	"github.com/turnike/turnike/internal/wire"
)

// maxLoginBody bounds the body of a login, in bytes [SEC-03].
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

// credentialMembers are the members of credentials. Others are refused, so that a
// misspelled takeover is not ignored.
var credentialMembers = input.Members{"username": nil, "password": nil, "takeover": {"ticket": nil, "session": nil}}

// takeover returns what the login confirms; nil for nothing.
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
func (s *Site) login(w http.ResponseWriter, r *http.Request) error {
	in, err := readCredentials(w, r)
	if err != nil {
		return err
	}
	from := device(r)
	done, err := s.logins.Login(r.Context(), login.Request{Name: *in.Username, Password: *in.Password,
		Device: from, UserAgent: r.UserAgent(), Address: s.clientAddress(r),
		RequestID: w.Header().Get(webhttp.RequestIDHeader),
		Proof:     func(user string) string { return s.ownSession(r, user) }, Takeover: in.takeover()})
	if err == nil {
		err = s.answerLogin(w, r, done, from)
	}
	if err != nil {
		s.logRefusal(r, done.User.Name, webhttp.ProblemOf(err).Code)
	}
	return err
}

// ownSession returns the live session of the user that the request has a
// credential of, or "" [A5].
func (s *Site) ownSession(r *http.Request, user string) string {
	if id, err := s.auth.Request(r); err == nil && id.User.ID == user {
		return id.Session.ID
	}
	return ""
}

// logRefusal logs a refused login. It names only accounts, because people type
// passwords into the field of the name [SEC-56]. There can be very many throttled
// logins; the event log counts them.
func (s *Site) logRefusal(r *http.Request, user, code string) {
	level := slog.LevelInfo
	if code == webhttp.CodeRateLimited {
		level = slog.LevelDebug
	}
	s.log.Log(r.Context(), level, "login refused", "user", user, "code", code, "remote", s.clientAddress(r))
}

// answerLogin gives the client the token of the session that was opened.
func (s *Site) answerLogin(w http.ResponseWriter, r *http.Request, in login.Result, from login.Device) error {
	logging.Identify(r.Context(), in.User.Name, in.Session.ID)
	claims := auth.NewClaims(in.Session, in.User, in.Pool, s.core.Wall)
	raw, err := s.keys.Sign(claims)
	if err != nil {
		return err
	}
	webhttp.SetCookie(w, auth.SessionCookie, raw, int(in.Session.Expires.Sub(s.core.Now())/time.Second))
	webhttp.SetCookie(w, auth.DeviceCookie, from.Value, int(session.DeviceLife/time.Second))
	w.Header().Set("Cache-Control", "no-store")
	webhttp.WriteJSON(w, http.StatusOK, "application/json", loginAnswer{Token: raw, TokenType: "Bearer",
		ExpiresAt: wire.Timestamp(claims.ExpiresAt), User: userInfo{Username: in.User.Name, Role: in.User.Role, Pool: in.Pool}})
	return nil
}

// readCredentials reads the body. All cheap checks are made here, before the password
// is hashed [SEC-02].
func readCredentials(w http.ResponseWriter, r *http.Request) (credentials, error) {
	var in credentials
	if err := webhttp.ReadJSON(w, r, maxLoginBody, credentialMembers, &in); err != nil {
		return in, err
	}
	if in.Username == nil || in.Password == nil || *in.Username == "" || *in.Password == "" ||
		len(*in.Password) > account.MaxPasswordBytes {
		return in, webhttp.ErrBadRequest
	}
	if in.Takeover != nil && (in.Takeover.Ticket == nil || *in.Takeover.Ticket == "") {
		return in, webhttp.ErrBadRequest
	}
	return in, nil
}

// device returns the device of the request's cookie, or a new one.
func device(r *http.Request) login.Device {
	var value string
	if c, err := r.Cookie(auth.DeviceCookie); err == nil {
		value = c.Value
	}
	return login.ReadDevice(value)
}
