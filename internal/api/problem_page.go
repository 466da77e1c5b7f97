package api

import (
	"html/template"
	"net/http"

	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/web"
)

// problemPage is a refusal for people; it works without script [UI-8].
var problemPage = template.Must(template.New("problem").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} · Turnike</title>
<link rel="stylesheet" href="{{.Base}}/assets/turnike.css">
<link rel="icon" href="{{.Base}}/assets/favicon.svg" type="image/svg+xml">
</head>
<body>
<header class="login-top"><a class="brand" href="{{.Base}}/"><svg class="mark open" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 10.5V21M12 9.5H3"/><path class="arm" d="M12 9.5 20.2 4"/></svg><span>Turnike</span></a></header>
<main class="notice">
<svg class="mark wait" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 10.5V21M12 9.5H3"/><path class="arm" d="M12 9.5H20.5"/></svg>
<h1>{{.Title}}</h1>
<div class="notice-text"><p>{{.Text}}</p>{{with .Mend}}<p>{{.Text}}</p>{{with .Setting}}<pre>{{.}}</pre>{{end}}<p>{{.Proxy}}</p>{{end}}</div>
{{with .Action}}<p class="notice-actions"><a class="button primary" href="{{.URL}}">{{.Text}}</a></p>{{end}}
</main>
</body>
</html>
`))

// problemView is what the page shows.
type problemView struct {
	Base, Lang, Title, Text string
	Mend                    *mendView // for the operator; nil for none
	Action                  *actionView
}

// mendView is what the operator can do.
type mendView struct{ Text, Setting, Proxy string }

// actionView is where the button leads.
type actionView struct{ URL, Text string }

// writeProblemPage writes the page. What happened is its title where the texts
// have one apart; else the whole sentence stands under the status.
func (a *API) writeProblemPage(w http.ResponseWriter, p *Problem, lang, id string) {
	copyOf := func(key string) string {
		s, _ := web.Text(lang, key)
		return web.Fill(s, map[string]string{"id": id, "dur": text.Duration(lang, p.Retry)})
	}
	view := problemView{Base: a.base, Lang: lang, Text: copyOf("err." + p.Code + ".b"), Action: &actionView{a.base + "/", copyOf("btn.login")}}
	for _, key := range []string{"err." + p.Code + ".t", "err." + p.Code} {
		if view.Title == "" {
			view.Title = copyOf(key)
		}
	}
	if view.Title == "" {
		view.Title = http.StatusText(p.Status)
		view.Text = text.Of(lang, p.Code, !p.At.IsZero(), text.Fields{At: p.At, Wait: p.Retry, ID: id})
	}
	if p.text != nil {
		view.Text = p.text(lang)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.Status)
	_ = problemPage.Execute(w, view) // the client may be gone
}
