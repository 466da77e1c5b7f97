package site

import (
	"net/http"
	"strconv"
	"strings"
)

// The content codings of our answers (RFC 9110, section 8.4.1).
const (
	brotli   = "br"
	gzipped  = "gzip"
	identity = "identity"
)

// acceptedCoding returns the coding to answer with: one of the available ones, which
// are given best first, by the request's Accept-Encoding (RFC 9110, section 12.5.3). A
// request that has no such header, or refuses them all, gets identity.
func acceptedCoding(r *http.Request, available []string) string {
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
	for _, coding := range available {
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

// weight returns the q of a coding: 1 when there is none, 0 when it is malformed.
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
