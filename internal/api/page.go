package api

import (
	"errors"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/message"
	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/web"
)

// pages are the built pages with their blanks still open.
type pages struct {
	files          fs.FS // nil when this binary was built without them
	login, console string
	blanks         []string // what is known at start: marker, value, …
}

// loadPages reads the pages once; a binary without them says what to run.
func loadPages(version string, dev bool) (*pages, error) {
	p := &pages{blanks: []string{"__VERSION__", html.EscapeString(version), "__DEV__", flag(dev)}}
	files, ok := web.Pages()
	if !ok {
		p.login, p.console = unbuilt, unbuilt
		return p, nil
	}
	p.files = files
	for name, into := range map[string]*string{"index.html": &p.login, "socket.html": &p.console} {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("api: page %s: %w", name, err)
		}
		*into = string(raw)
	}
	return p, nil
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

func (a *API) writePage(w http.ResponseWriter, r *http.Request, page string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Cookie, Accept-Language")
	blanks := append([]string{"__LANG__", message.Language(r), "__TLS__", flag(origin.Scheme(r) == "https")}, a.pages.blanks...)
	_, _ = strings.NewReplacer(blanks...).WriteString(w, page) // the client may be gone
}

// asset is GET /assets/…, out of the binary and nowhere else [SEC-61].
func (a *API) asset(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, a.base+"/")
	if a.pages.files == nil || !fs.ValidPath(name) {
		return ErrNotFound
	}
	body, err := fs.ReadFile(a.pages.files, name)
	if err != nil {
		return ErrNotFound // a directory is none either
	}
	contentType := mime.TypeByExtension(path.Ext(name))
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	w.Header().Set("Content-Type", contentType)
	if hashed(name) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	_, _ = w.Write(body) // the client may be gone
	return nil
}

// hashed tells the names that carry a hash of their content from the few that
// plain pages link by name.
func hashed(name string) bool {
	return name != "assets/turnike.css" && name != "assets/favicon.svg"
}

// favicon sends browsers that ask for the old name to the real one.
func (a *API) favicon(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, a.base+"/assets/favicon.svg", http.StatusFound)
	return nil
}
