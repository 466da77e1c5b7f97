package site

import (
	"net/http"

	"github.com/turnike/turnike/internal/counter"
	"github.com/turnike/turnike/internal/webhttp"
)

// loginOK is the code under which logins that opened a session are counted.
const loginOK = "ok"

// newAnswered counts logins by the code of their answers.
func newAnswered() *counter.Codes {
	return counter.NewCodes(loginOK, "invalid_credentials", "rate_limited", "login_busy", "store_unavailable", "seat_limit",
		"already_active", "takeover_required", "bad_request", "payload_too_large", "unsupported_media_type", "internal")
}

// Stats are the figures of the site since its start.
type Stats struct {
	Logins map[string]uint64 // answers to POST /login-token, by code; "ok" for 200
}

// Stats returns the figures.
func (s *Site) Stats() Stats {
	return Stats{Logins: s.answered.Snapshot()}
}

// counted counts logins by the code of their answers.
func (s *Site) counted(next webhttp.Handler) webhttp.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next(w, r)
		code := loginOK
		if err != nil {
			code = webhttp.ProblemOf(err).Code
		}
		s.answered.Add(code)
		return err
	}
}
