package site

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/origin"
)

// TestUI8_AddressPage checks the page under a host that is not the server's: it names the
// setting to change, in the reader's language, and escapes markup in the host.
func TestUI8_AddressPage(t *testing.T) {
	public, err := url.Parse("https://turnike.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		lang, host string
		public     *url.URL
		want       []string
	}{
		"English":        {"en", "server.lan:5000", nil, []string{"<h1>This address is not set up</h1>", "https://server.lan:5000", "<pre>server.public_url = &#34;https://server.lan:5000&#34;</pre>"}},
		"Turkish":        {"tr", "192.168.1.5", nil, []string{`lang="tr"`, "<h1>Bu adres tanımlı değil</h1>", "server.public_url = &#34;https://192.168.1.5&#34;"}},
		"another is set": {"en", "server.lan", public, []string{`href="https://turnike.example.com/base/"`, "Open https://turnike.example.com<"}},
		"no Host":        {"en", "", nil, []string{"does not pass on the Host header"}},
		"markup":         {"en", "<b>", nil, []string{"https://&lt;b&gt;"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Site{base: "/base", origins: origin.Policy{PublicURL: c.public}}
			w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://x/", nil)
			r.Host = c.host
			r.Header.Set("Accept-Language", c.lang)
			s.writeAddressPage(w, r)
			for _, text := range c.want {
				if !strings.Contains(w.Body.String(), text) {
					t.Errorf("no %q in\n%s", text, w.Body)
				}
			}
			if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
		})
	}
}
