package engineio

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
)

// httpError is an error exactly as the reference server sends it. [eio4:errors]
type httpError struct {
	status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// The errors of the reference server.
var (
	errTransport   = httpError{400, 0, "Transport unknown"}
	errUnknownSID  = httpError{400, 1, "Session ID unknown"}
	errMethod      = httpError{400, 2, "Bad handshake method"}
	errBadRequest  = httpError{400, 3, "Bad request"}
	errForbidden   = httpError{403, 4, "Forbidden"}
	errVersion     = httpError{400, 5, "Unsupported protocol version"}
	errUnavailable = httpError{503, 3, "Server is closing"}
)

// revision is the value of the query parameter EIO.
const revision = "4"

// writeError answers with an error.
func writeError(w http.ResponseWriter, e httpError) {
	body, err := json.Marshal(e)
	if err != nil {
		panic(err) // a number and a string always encode
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if e.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// ServeHTTP implements [http.Handler]. [eio4:path] It ignores the path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	transport, sid := query.Get("transport"), query.Get("sid")
	upgrade := isUpgrade(r)
	switch {
	case !slices.Contains(s.cfg.Transports, transport): // [eio4:query]
		writeError(w, errTransport)
	case upgrade != (transport == WebSocket):
		writeError(w, errBadRequest)
	case sid == "" && r.Method != http.MethodGet:
		writeError(w, errMethod) // [eio4:method]
	case sid == "":
		s.serveHandshake(w, r, transport, query.Get("EIO"))
	default:
		s.serveSession(w, r, sid, query.Get("EIO"))
	}
}

// serveHandshake opens a connection. [eio4:handshake]
func (s *Server) serveHandshake(w http.ResponseWriter, r *http.Request, transport, version string) {
	if !s.allowed(w, r, nil) {
		return
	}
	if version != revision {
		writeError(w, errVersion) // [eio4:query]
		return
	}
	head, ok := "", true
	if transport == WebSocket {
		if head, ok = s.switching(w, r); !ok {
			return
		}
	}
	c := s.newConn(rand.Text(), transport, r)
	// The receiver is attached before the open packet is sent.
	receiver, err := s.open(c, r)
	if err != nil {
		c.finish(closing{how: lost, code: codeAbnormal, reason: "refused"}) // also cancels its alarm
		s.refuse(w, r, err)
		return
	}
	c.mu.Lock()
	c.receiver = receiver
	closed := c.state != open
	c.mu.Unlock()
	if closed { // closed by the opener or its alarm
		writeError(w, errForbidden)
		c.Go(func() {
			receiver.Closed(Closure{Code: codeAbnormal, Reason: ReasonForcedClose, Detail: "closed before it was open"})
		})
		return
	}
	if !s.register(c) {
		writeError(w, errUnavailable)
		c.finish(closing{how: lost, code: codeAbnormal, reason: "server is closing"})
		return
	}
	c.mu.Lock()
	if c.state == open {
		c.pingAt = s.now() + s.cfg.PingInterval
		c.schedule()
	}
	c.mu.Unlock()
	switch t := c.transport.(type) { // c is not shared yet
	case *webSocket:
		t.open(w, r, head)
	case *polling:
		t.open(w, r)
	}
}

// polls returns the connection's transport if that is polling, or nil.
func (c *Conn) polls() *polling {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, _ := c.transport.(*polling)
	return p
}

// serveSession handles a request of a known connection.
func (s *Server) serveSession(w http.ResponseWriter, r *http.Request, sid, version string) {
	c := s.lookup(sid)
	if c == nil || c.lapsed() {
		writeError(w, errUnknownSID) // [eio4:sid]
		return
	}
	if version != revision {
		writeError(w, errVersion) // [eio4:query] each time, though the reference server does not
		return
	}
	if !s.allowed(w, r, c) {
		return
	}
	p := c.polls()
	switch {
	case isUpgrade(r):
		c.serveUpgrade(w, r)
	case p != nil && r.Method == http.MethodGet:
		p.serveGet(w, r)
	case p != nil && r.Method == http.MethodPost:
		p.servePost(w, r)
	default:
		writeError(w, errBadRequest)
	}
}

// allowed calls Config.CheckRequest and answers the request if it is refused.
func (s *Server) allowed(w http.ResponseWriter, r *http.Request, c *Conn) bool {
	if s.cfg.CheckRequest == nil {
		return true
	}
	err := s.cfg.CheckRequest(r, c)
	if err != nil {
		s.refuse(w, r, err)
	}
	return err == nil
}

// refuse answers a request that the application refuses.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	s.cfg.Logger.Debug("request refused", slog.String("remote", r.RemoteAddr), slog.Any("error", err))
	refusal, ok := errors.AsType[*HTTPError](err)
	if !ok {
		writeError(w, errForbidden)
		return
	}
	maps.Copy(w.Header(), refusal.Header)
	status := refusal.Status
	if status == 0 {
		status = http.StatusForbidden
	}
	w.WriteHeader(status)
	_, _ = w.Write(refusal.Body) // a client that is gone needs no answer
}
