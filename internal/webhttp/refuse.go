package webhttp

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/web"
)

// RequestIDHeader carries the id that a problem document and the log share.
const RequestIDHeader = "X-Request-Id"

// SocketPath is where sockets connect, with or without the slash at its end.
const SocketPath = "/socket.io/"

// Responder writes the refusals of our own routes.
type Responder struct {
	BasePath string // of all our routes: "" or one such as /turnike
	Log      *slog.Logger
}

// Refuse answers a request with the problem for err: as a page when the request
// accepts HTML, otherwise as a problem document.
func (p *Responder) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	problem := ProblemOf(err)
	id := w.Header().Get(RequestIDHeader)
	if problem.Status >= 500 && problem.Code == ErrInternal.Code && r.Context().Err() == nil { // otherwise the client is gone
		p.Log.ErrorContext(r.Context(), "request failed", "request", id, "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if problem.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
		if problem.forget {
			ClearSessionCookie(w)
		}
	}
	if problem.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(problem.Retry)))
	}
	lang := Language(r)
	fields := text.Fields{At: problem.At, Wait: problem.Retry, ID: id}
	sentence := text.Of(lang, problem.Code, !problem.At.IsZero(), fields)
	if n, ok := problem.Fields["max"].(int); ok {
		fields.Max = n
		sentence = text.Full(lang, fields)
	}
	if problem.text != nil {
		sentence = problem.text(lang)
	}
	w.Header().Set("Cache-Control", "no-store")
	if problem == ErrTokenInURL && p.isSocket(r) {
		WriteJSON(w, problem.Status, "application/json", engineError{engineBadRequest, sentence})
		return
	}
	if AcceptsHTML(r) {
		p.writeProblemPage(w, problem, lang, id)
		return
	}
	body := problem.document(sentence)
	if id != "" {
		body["request_id"] = id
	}
	WriteJSON(w, problem.Status, "application/problem+json", body)
}

// engineError is the form of a refusal that Engine.IO clients expect.
type engineError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// engineBadRequest is Engine.IO's code for a bad request.
const engineBadRequest = 3

// isSocket reports whether the request is one of a socket.
func (p *Responder) isSocket(r *http.Request) bool {
	return strings.TrimSuffix(r.URL.Path, "/") == strings.TrimSuffix(p.BasePath+SocketPath, "/")
}

// writeProblemPage writes the problem as a page. Its title says what happened when
// the texts have a title; otherwise the title is the status, with the whole sentence
// below it.
func (p *Responder) writeProblemPage(w http.ResponseWriter, problem *Problem, lang, id string) {
	copyOf := func(key string) string {
		s, _ := web.Text(lang, key)
		return web.Fill(s, map[string]string{"id": id, "dur": text.Duration(lang, problem.Retry)})
	}
	page := Notice{Base: p.BasePath, Lang: lang, Text: copyOf("err." + problem.Code + ".b"), Action: &Action{p.BasePath + "/", copyOf("btn.login")}}
	for _, key := range []string{"err." + problem.Code + ".t", "err." + problem.Code} {
		if page.Title == "" {
			page.Title = copyOf(key)
		}
	}
	if page.Title == "" {
		page.Title = http.StatusText(problem.Status)
		page.Text = text.Of(lang, problem.Code, !problem.At.IsZero(), text.Fields{At: problem.At, Wait: problem.Retry, ID: id})
	}
	if problem.text != nil {
		page.Text = problem.text(lang)
	}
	page.Write(w, problem.Status)
}

// Document returns a problem as headers and body, for packages that write their
// answers themselves.
func Document(lang string, status int, code string, retry time.Duration) (http.Header, []byte) {
	p := &Problem{Status: status, Code: code, Retry: retry}
	h := http.Header{"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if retry > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds(retry)))
	}
	return h, encodeJSON(p.document(text.Of(lang, code, false, text.Fields{Wait: retry})))
}
