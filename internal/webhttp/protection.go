package webhttp

import (
	"net/http"

	"github.com/turnike/turnike/internal/origin"
)

// Protection is what every request to one of our own routes passes before its
// handler. Requests that belong to an application behind Turnike must not pass it.
type Protection struct {
	Responder *Responder
	Origins   origin.Policy
	// Foreign is called with each request that is refused because another site made
	// the browser send it; may be nil.
	Foreign func(*http.Request)
	// PublicTLS says that browsers reach this server over TLS under a public name, so
	// that they may be told to insist on TLS (RFC 6797).
	PublicTLS bool
}

// Wrap returns next with the protection around it. The steps run from the bottom
// line to the top one.
func (p Protection) Wrap(next http.Handler) http.Handler {
	next = p.sameSite(next)
	next = p.noTokenInURL(next)
	next = p.boundHeaders(next)
	next = BoundBody(p.boundAnswer(next))
	return p.securityHeaders(next)
}
