package site

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/webhttp"
	"github.com/turnike/turnike/web"
)

// pages are the built pages, ready to be sent, and their assets.
type pages struct {
	assets         map[string]asset // empty when the binary was built without pages
	login, console map[variant]page
}

// variant is what the server fills into a page. Everything else the page fetches.
type variant struct {
	lang   string
	secure bool // the browser came over TLS
}

// page is one variant of a page, in the two forms that it is sent in.
type page struct{ plain, gzipped []byte }

// loadPages builds all variants of the pages. A binary without pages shows which command
// builds them.
func loadPages(version string, dev bool) (*pages, error) {
	p := &pages{}
	login, console := unbuilt, unbuilt
	if files, ok := web.Pages(); ok {
		for name, into := range map[string]*string{"index.html": &login, "socket.html": &console} {
			raw, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, fmt.Errorf("site: page %s: %w", name, err)
			}
			*into = string(raw)
		}
		var err error
		if p.assets, err = loadAssets(files); err != nil {
			return nil, err
		}
	}
	blanks := []string{"__VERSION__", html.EscapeString(version), "__DEV__", flag(dev)}
	p.login, p.console = variants(login, blanks), variants(console, blanks)
	return p, nil
}

// variants returns the page in each language, with and without TLS.
func variants(text string, blanks []string) map[variant]page {
	all := make(map[variant]page)
	for _, lang := range web.Languages() {
		for _, secure := range []bool{false, true} {
			filled := append([]string{"__LANG__", lang, "__TLS__", flag(secure)}, blanks...)
			plain := []byte(strings.NewReplacer(filled...).Replace(text))
			all[variant{lang, secure}] = page{plain, gzipOf(plain)}
		}
	}
	return all
}

func gzipOf(plain []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a valid level: no error
	_, _ = w.Write(plain)                                 // a Buffer never fails
	_ = w.Close()
	return b.Bytes()
}

const unbuilt = `<!doctype html><html lang="__LANG__"><meta charset="utf-8"><title>Turnike</title>
<p>This binary was built without its pages. Run <code>make build</code>, then start it again.</p></html>
`

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// writePage answers with the variant of a page that fits the request.
func (s *Site) writePage(w http.ResponseWriter, r *http.Request, variants map[variant]page) {
	p := variants[variant{webhttp.Language(r), origin.Scheme(r) == "https"}]
	body := p.plain
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Cookie, Accept-Language, Accept-Encoding")
	if acceptedCoding(r, []string{gzipped}) == gzipped {
		h.Set("Content-Encoding", gzipped)
		body = p.gzipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client may be gone
}
