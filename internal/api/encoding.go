package api

import (
	"net/http"
	"strconv"
	"strings"
)

// The content codings that answers are kept in (RFC 9110, section 8.4.1).
const (
	brotli   = "br"
	gzipped  = "gzip"
	identity = "identity"
)

// acceptedCoding picks one of the codings that a representation is kept in, best
// first, by a request's Accept-Encoding (RFC 9110, section 12.5.3). Who says
// nothing, and who refuses all of them, gets identity.
func acceptedCoding(r *http.Request, kept []string) string {
	weights := make(map[string]float64)
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		if coding = strings.ToLower(strings.TrimSpace(coding)); coding == "x-gzip" {
			coding = gzipped
		}
		if coding != "" {
			weights[coding] = weight(params)
		}
	}
	best, most := identity, 0.0
	if w, ok := weights[identity]; ok {
		most = w
	}
	for _, coding := range kept {
		w, ok := weights[coding]
		if !ok {
			w = weights["*"]
		}
		if w > 0 && (w > most || (w == most && best == identity)) {
			best, most = coding, w
		}
	}
	return best
}

// weight is the q of a coding: 1 when it is not given, 0 when it cannot be read.
func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || q < 0 || q > 1 {
			return 0
		}
		return q
	}
	return 1
}
