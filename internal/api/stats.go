package api

import (
	"net/http"

	"github.com/turnike/turnike/internal/tally"
)

// loginOK is how a login that opened a session is counted.
const loginOK = "ok"

// newAnswered counts logins by the code of their answers.
func newAnswered() *tally.Codes {
	return tally.NewCodes(loginOK, "invalid_credentials", "rate_limited", "login_busy", "store_unavailable", "seat_limit",
		"already_active", "takeover_required", "bad_request", "payload_too_large", "unsupported_media_type", "internal")
}

// Stats are the API's figures since its start.
type Stats struct {
	Logins map[string]uint64 // answers to POST /login-token, by code; "ok" for 200
}

// Stats returns the API's figures.
func (a *API) Stats() Stats {
	return Stats{Logins: a.answered.Snapshot()}
}

// counted counts what a login is answered with.
func (a *API) counted(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next(w, r)
		code := loginOK
		if err != nil {
			code = problemOf(err).Code
		}
		a.answered.Add(code)
		return err
	}
}
