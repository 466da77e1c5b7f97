package webhttp

import (
	"net/http"
	"slices"
	"strings"

	"github.com/turnike/turnike/web"
)

// LanguageCookie holds the language that the reader has chosen.
const LanguageCookie = "lang"

// programLanguage is the language of answers to programs that ask for none.
const programLanguage = "en"

// Language returns the language to answer a request in: the one that the reader has
// chosen, else the best one of Accept-Language. A request that names no language gets
// the default of the pages when it comes from a browser, and English otherwise.
func Language(r *http.Request) string {
	var choice string
	if c, err := r.Cookie(LanguageCookie); err == nil && slices.Contains(web.Languages(), c.Value) {
		choice = c.Value
	}
	asked := strings.Join(r.Header.Values("Accept-Language"), ",")
	if choice == "" && namesNoLanguage(asked) && !fromBrowser(r) {
		return programLanguage
	}
	return web.Language(choice, asked)
}

// namesNoLanguage reports whether an Accept-Language header is empty or has only
// wildcards (RFC 9110, section 12.5.4).
func namesNoLanguage(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		tag, _, _ := strings.Cut(part, ";")
		if tag = strings.TrimSpace(tag); tag != "" && tag != "*" {
			return false
		}
	}
	return true
}

// fromBrowser reports whether the request certainly comes from a browser: it asks for
// a page, or names the site that caused it.
func fromBrowser(r *http.Request) bool {
	return AcceptsHTML(r) || r.Header.Get("Sec-Fetch-Site") != ""
}
