package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/web"
)

// pages are the built pages, ready to be sent, and what they load.
type pages struct {
	assets         map[string]asset // none when this binary was built without them
	login, console map[look]page
}

// look is what a page is made for; all else it fetches itself.
type look struct {
	lang   string
	secure bool // by TLS
}

// page is a page in the two forms that it is sent in.
type page struct{ plain, gzipped []byte }

// loadPages makes the pages once; a binary without them says what to run.
func loadPages(version string, dev bool) (*pages, error) {
	p := &pages{}
	login, console := unbuilt, unbuilt
	if files, ok := web.Pages(); ok {
		for name, into := range map[string]*string{"index.html": &login, "socket.html": &console} {
			raw, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, fmt.Errorf("api: page %s: %w", name, err)
			}
			*into = string(raw)
		}
		var err error
		if p.assets, err = loadAssets(files); err != nil {
			return nil, err
		}
	}
	blanks := []string{"__VERSION__", html.EscapeString(version), "__DEV__", flag(dev)}
	p.login, p.console = looks(login, blanks), looks(console, blanks)
	return p, nil
}

// looks fills the blanks of a page for everybody who may ask for it.
func looks(text string, blanks []string) map[look]page {
	all := make(map[look]page)
	for _, lang := range web.Languages() {
		for _, secure := range []bool{false, true} {
			filled := append([]string{"__LANG__", lang, "__TLS__", flag(secure)}, blanks...)
			plain := []byte(strings.NewReplacer(filled...).Replace(text))
			all[look{lang, secure}] = page{plain, gzipOf(plain)}
		}
	}
	return all
}

func gzipOf(plain []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that there is
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

// loginPage is GET /: with a live session it leads on to where the browser
// wanted to go [SEC-35].
func (a *API) loginPage(w http.ResponseWriter, r *http.Request) error {
	id, err := a.auth.Request(r)
	var refused *auth.Error
	switch {
	case err == nil:
		a.core.Active(id.Session.ID) // [A4] [S11]
		target, ok := a.origins.ReturnTo(r, r.URL.Query().Get("return_to"))
		if path, _, _ := strings.Cut(target, "?"); !ok || path == a.base || path == a.base+"/" {
			target = a.base + "/socket"
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, target, http.StatusFound)
		return nil
	case errors.As(err, &refused) && refused.Forget():
		clearSessionCookie(w)
	}
	if _, _, known := a.origins.Own(r); !known && acceptsHTML(r) {
		a.writeAddressPage(w, r)
		return nil
	}
	a.writePage(w, r, a.pages.login)
	return nil
}

// consolePage is GET /socket.
func (a *API) consolePage(w http.ResponseWriter, r *http.Request) error {
	a.writePage(w, r, a.pages.console)
	return nil
}

func (a *API) writePage(w http.ResponseWriter, r *http.Request, looks map[look]page) {
	p := looks[look{text.Language(r), origin.Scheme(r) == "https"}]
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
