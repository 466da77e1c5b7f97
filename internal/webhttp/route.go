package webhttp

import (
	"net/http"
	"slices"
	"strings"
)

// Handler answers a request, or returns why it is refused.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Methods are the handlers of one route by method.
type Methods map[string]Handler

// Methods answers a request by its method. HEAD is answered as GET is, and other
// methods with 405 and the header Allow.
func (p *Responder) Methods(by Methods) http.Handler {
	var allow []string
	for m := range by {
		allow = append(allow, m)
		if m == http.MethodGet {
			allow = append(allow, http.MethodHead)
		}
	}
	slices.Sort(allow)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		h, ok := by[method]
		if !ok {
			w.Header().Set("Allow", strings.Join(allow, ", "))
			p.Refuse(w, r, ErrMethodNotAllowed)
			return
		}
		if err := h(w, r); err != nil {
			p.Refuse(w, r, err)
		}
	})
}
