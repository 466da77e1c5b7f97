package site

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/turnike/turnike/internal/webhttp"
)

// TestAcceptedCoding checks RFC 9110, section 12.5.3.
func TestAcceptedCoding(t *testing.T) {
	all := []string{brotli, gzipped}
	for _, c := range []struct {
		header string
		kept   []string
		want   string
	}{
		{"", all, identity},
		{"br", all, brotli},
		{"gzip", all, gzipped},
		{"x-gzip", all, gzipped},
		{"GZIP", all, gzipped},
		{"gzip, deflate, br, zstd", all, brotli},
		{"gzip, deflate, br, zstd", []string{gzipped}, gzipped},
		{"gzip, br", nil, identity},
		{"deflate", all, identity},
		{"br;q=0.5, gzip;q=0.8", all, gzipped},
		{"br;q=0.5,gzip;q=0.5", all, brotli},
		{"br; q=0, gzip", all, gzipped},
		{"br;q=0, gzip;q=0", all, identity},
		{"gzip;q=0.000", all, identity},
		{"*", all, brotli},
		{"*;q=0.1", all, brotli},
		{"br;q=0, *", all, gzipped},
		{"gzip, *;q=0", all, gzipped},
		{"identity", all, identity},
		{"identity;q=1, gzip;q=0.5", all, identity},
		{"identity;q=0.5, gzip;q=1", all, gzipped},
		{"identity, gzip", all, gzipped},
		{"identity;q=0, br", all, brotli},
		{"identity;q=0", all, identity}, // better than nothing
		{"br;q=x, gzip;q=2", all, identity},
		{";;,=;q,", all, identity},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for part := range strings.SplitSeq(c.header, ", ") { // a header may come in several lines
			r.Header.Add("Accept-Encoding", part)
		}
		if c.header == "" {
			r.Header.Del("Accept-Encoding")
		}
		if got := acceptedCoding(r, c.kept); got != c.want {
			t.Errorf("%q of %v: %s, want %s", c.header, c.kept, got, c.want)
		}
	}
}

// TestAsset checks that each form of a file has its own ETag and that caches can tell the
// forms apart. HEAD, 304 and ranges apply to the form.
func TestAsset(t *testing.T) {
	assets, err := loadAssets(fstest.MapFS{
		"index.html":            {Data: []byte("page")},
		"assets/turnike.css":    {Data: []byte("plain style")},
		"assets/turnike.css.br": {Data: []byte("brotli")},
		"assets/turnike.css.gz": {Data: []byte("gzipped")},
		"assets/login-x.js":     {Data: []byte("script")},
		"assets/login-x.js.gz":  {Data: []byte("zip")},
		"assets/dot.png":        {Data: []byte("picture")},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{base: "/turnike", pages: &pages{assets: assets}}
	ask := func(method, name string, header ...string) *http.Response {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, "/turnike/assets/"+name, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		if err := s.asset(w, r); err != nil {
			w.WriteHeader(webhttp.ProblemOf(err).Status)
		}
		return w.Result()
	}
	const all, immutable = "gzip, br", "public, max-age=31536000, immutable"
	tags := map[string]bool{}
	for _, c := range []struct{ name, accept, body, coding, vary, cache string }{
		{"turnike.css", "", "plain style", "", "Accept-Encoding", "no-cache"},
		{"turnike.css", "gzip", "gzipped", "gzip", "Accept-Encoding", "no-cache"},
		{"turnike.css", all, "brotli", "br", "Accept-Encoding", "no-cache"},
		{"login-x.js", all, "zip", "gzip", "Accept-Encoding", immutable},
		{"login-x.js", "br", "script", "", "Accept-Encoding", immutable},
		{"dot.png", all, "picture", "", "", immutable},
	} {
		get := ask("GET", c.name, "Accept-Encoding", c.accept)
		h := get.Header
		tag := h.Get("ETag")
		if got := read(t, get); got != c.body || h.Get("Content-Encoding") != c.coding || h.Get("Vary") != c.vary ||
			h.Get("Cache-Control") != c.cache || get.ContentLength != int64(len(c.body)) {
			t.Errorf("%s for %q: %q %v", c.name, c.accept, got, h)
		}
		if tags[tag] || len(tag) < 10 || !strings.HasPrefix(tag, `"`) {
			t.Errorf("%s for %q: the tag %s is another form's, or weak", c.name, c.accept, tag)
		}
		tags[tag] = true
		head := ask("HEAD", c.name, "Accept-Encoding", c.accept)
		if read(t, head) != "" || head.ContentLength != int64(len(c.body)) || head.Header.Get("ETag") != tag || head.Header.Get("Content-Encoding") != c.coding {
			t.Errorf("HEAD %s for %q: %v", c.name, c.accept, head.Header)
		}
		same := ask("GET", c.name, "Accept-Encoding", c.accept, "If-None-Match", `"x", `+tag)
		if same.StatusCode != http.StatusNotModified || read(t, same) != "" || same.Header.Get("ETag") != tag ||
			same.Header.Get("Vary") != c.vary || same.Header.Get("Cache-Control") != c.cache || same.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s for %q, which is known: %d %v", c.name, c.accept, same.StatusCode, same.Header)
		}
		part := ask("GET", c.name, "Accept-Encoding", c.accept, "Range", "bytes=1-2", "If-Range", tag)
		if got := read(t, part); part.StatusCode != http.StatusPartialContent || got != c.body[1:3] || part.ContentLength != 2 {
			t.Errorf("a part of %s for %q: %d %q %v", c.name, c.accept, part.StatusCode, got, part.Header)
		}
	}
	gzipTag := ask("GET", "turnike.css", "Accept-Encoding", "gzip").Header.Get("ETag")
	if res := ask("GET", "turnike.css", "If-None-Match", gzipTag); res.StatusCode != http.StatusOK {
		t.Errorf("another form's tag: %d", res.StatusCode)
	}
	for _, name := range []string{"turnike.css.br", "turnike.css.gz", "", "nope.js", "../index.html", "../assets/turnike.css", "login-x"} {
		if res := ask("GET", name); res.StatusCode != http.StatusNotFound {
			t.Errorf("%q: %d", name, res.StatusCode)
		}
	}
}

// TestPageForms checks that a page has the same content with and without gzip.
func TestPageForms(t *testing.T) {
	all := variants("<html lang=\"__LANG__\" data-tls=\"__TLS__\">"+strings.Repeat("x", 500), []string{"__VERSION__", "v"})
	s := &Site{}
	for _, accept := range []string{"", "gzip", "br, gzip;q=0"} {
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		r.Header.Set("Accept-Encoding", accept)
		r.Header.Set("Accept-Language", "en")
		s.writePage(w, r, all)
		res := w.Result()
		if res.ContentLength != int64(w.Body.Len()) || res.Header.Get("Vary") != "Cookie, Accept-Language, Accept-Encoding" ||
			res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q: %v", accept, res.Header)
		}
		body := res.Body
		if coding := res.Header.Get("Content-Encoding"); (coding == "gzip") != (accept == "gzip") {
			t.Errorf("%q: in %q", accept, coding)
		} else if coding != "" {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if text, err := io.ReadAll(body); err != nil || !strings.HasPrefix(string(text), "<html lang=\"en\" data-tls=\"0\">x") {
			t.Errorf("%q: %q, %v", accept, text, err)
		}
	}
}

func read(t *testing.T, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
