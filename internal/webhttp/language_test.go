package webhttp

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestLanguage checks the language of requests that name one, and of browsers and
// programs that name none.
func TestLanguage(t *testing.T) {
	page := http.Header{"Accept": {"text/html,*/*;q=0.8"}}
	fetch := http.Header{"Sec-Fetch-Site": {"same-origin"}}
	for _, c := range []struct {
		cookie, asked, want string
		header              http.Header
	}{
		{"", "", "en", nil},
		{"", "*", "en", nil},
		{"", "*;q=0.5", "en", nil},
		{"", " , *", "en", nil},
		{"", "tr", "tr", nil},
		{"", "tr-TR,*;q=0.5", "tr", nil},
		{"", "en-GB,en;q=0.9", "en", nil},
		{"", "de", "tr", nil},
		{"tr", "", "tr", nil},
		{"tr", "en", "tr", nil},
		{"xx", "en", "en", nil},
		{"xx", "", "en", nil},
		{"", "", "tr", page},
		{"", "*", "tr", page},
		{"", "en", "en", page},
		{"en", "", "en", page},
		{"", "", "tr", fetch},
		{"", "", "en", http.Header{"Accept": {"application/json"}}},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		maps.Copy(r.Header, c.header)
		if c.cookie != "" {
			r.Header.Set("Cookie", LanguageCookie+"="+c.cookie)
		}
		if c.asked != "" {
			r.Header.Set("Accept-Language", c.asked)
		}
		if got := Language(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
