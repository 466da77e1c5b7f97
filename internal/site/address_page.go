package site

import (
	"net/http"
	"strconv"

	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/webhttp"
	"github.com/turnike/turnike/web"
)

// writeAddressPage replaces the login page under a host that is not one of this
// server's, because every login from there would be refused [SEC-31]. The page says
// which setting the operator has to change.
func (s *Site) writeAddressPage(w http.ResponseWriter, r *http.Request) {
	lang := webhttp.Language(r)
	text := func(key, url string) string {
		s, _ := web.Text(lang, key)
		return web.Fill(s, map[string]string{"url": url})
	}
	opened := origin.Scheme(r) + "://" + r.Host
	page := webhttp.Notice{Base: s.base, Lang: lang, Title: text("host.t", ""), Text: text("host.b", opened),
		Fix: &webhttp.Fix{Text: text("host.mend", ""), Setting: "server.public_url = " + strconv.Quote(opened), Proxy: text("host.proxy", "")}}
	if r.Host == "" {
		page.Text, page.Fix = text("host.none", ""), nil
	}
	if public := s.origins.PublicURL; public != nil {
		users := public.Scheme + "://" + public.Host
		page.Action = &webhttp.Action{URL: users + s.base + "/", Text: text("host.go", users)}
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Cookie, Accept-Language")
	page.Write(w, http.StatusOK)
}
