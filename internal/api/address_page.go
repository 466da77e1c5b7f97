package api

import (
	"net/http"
	"strconv"

	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/web"
)

// writeAddressPage takes the place of the login page under a host that is not this
// server's: every login from there would be refused [SEC-31]. It says what the
// operator has to set.
func (a *API) writeAddressPage(w http.ResponseWriter, r *http.Request) {
	lang := text.Language(r)
	text := func(key, url string) string {
		s, _ := web.Text(lang, key)
		return web.Fill(s, map[string]string{"url": url})
	}
	opened := origin.Scheme(r) + "://" + r.Host
	view := problemView{Base: a.base, Lang: lang, Title: text("host.t", ""), Text: text("host.b", opened),
		Mend: &mendView{text("host.mend", ""), "server.public_url = " + strconv.Quote(opened), text("host.proxy", "")}}
	if r.Host == "" {
		view.Text, view.Mend = text("host.none", ""), nil
	}
	if public := a.origins.PublicURL; public != nil {
		users := public.Scheme + "://" + public.Host
		view.Action = &actionView{users + a.base + "/", text("host.go", users)}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Cookie, Accept-Language")
	_ = problemPage.Execute(w, view) // the client may be gone
}
