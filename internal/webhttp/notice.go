package webhttp

import (
	"html/template"
	"net/http"
)

// noticePage works without script [UI-8].
var noticePage = template.Must(template.New("notice").Parse(`<!doctype html>
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
<div class="notice-text"><p>{{.Text}}</p>{{with .Fix}}<p>{{.Text}}</p>{{with .Setting}}<pre>{{.}}</pre>{{end}}<p>{{.Proxy}}</p>{{end}}</div>
{{with .Action}}<p class="notice-actions"><a class="button primary" href="{{.URL}}">{{.Text}}</a></p>{{end}}
</main>
</body>
</html>
`))

// Notice is a page with one message and at most one button.
type Notice struct {
	Base, Lang, Title, Text string
	Fix                     *Fix    // nil for none
	Action                  *Action // nil for none
}

// Fix tells the operator which setting to change.
type Fix struct{ Text, Setting, Proxy string }

// Action is the button: where it leads and what it says.
type Action struct{ URL, Text string }

// Write writes the page.
func (n Notice) Write(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = noticePage.Execute(w, n) // the client may be gone
}
