package auth

import (
	"net/http"
	"strings"

	"github.com/turnike/turnike/internal/token"
)

// The names of the cookies. Browsers accept the prefix only with Secure, Path=/ and no
// Domain (RFC 6265bis, section 4.1.3.2).
const (
	SessionCookie = "__Host-turnike"
	DeviceCookie  = "__Host-turnike-device"
)

// Bearer returns the token in a request's Authorization header (RFC 6750, section
// 2.1); given reports whether the request has that header. It fails with *Error for
// another scheme, for two headers, and for a token that is too long [SEC-22].
func Bearer(r *http.Request) (raw string, given bool, err error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", false, nil
	}
	scheme, raw, _ := strings.Cut(values[0], " ")
	raw = strings.TrimSpace(raw)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || raw == "" || len(raw) > token.MaxLength {
		return "", true, &Error{Code: CodeInvalidToken}
	}
	return raw, true, nil
}

// Bare returns a token without the scheme "Bearer", which some programs write in front
// of it where only the token belongs.
func Bare(raw string) string {
	scheme, rest, found := strings.Cut(raw, " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return raw
	}
	return strings.TrimSpace(rest)
}
