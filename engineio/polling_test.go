package engineio

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestPollingHandshake(t *testing.T) {
	h := serve(t, Config{})
	resp, err := http.Get(h.url("EIO=4&transport=polling"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if ct := resp.Header.Get("Content-Type"); ct != "text/plain; charset=UTF-8" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", resp.Header)
	}
	if resp.Header.Get("Set-Cookie") != "" {
		t.Error("a cookie was set")
	}
	_, body := h.do("GET", "EIO=4&transport=polling", "")
	var v struct{ Upgrades []string }
	if err := json.Unmarshal([]byte(body[1:]), &v); err != nil || len(v.Upgrades) != 1 || v.Upgrades[0] != "websocket" {
		t.Errorf("open packet %q: %v", body, err)
	}
}

// Errors exactly as the reference server sends them.
func TestRequestErrors(t *testing.T) {
	h := serve(t, Config{CheckRequest: func(r *http.Request, c *Conn) error {
		switch r.URL.Query().Get("check") {
		case "own":
			return &HTTPError{Status: 503, Header: http.Header{"Retry-After": {"7"}}, Body: []byte("later")}
		case "plain":
			return http.ErrNoCookie
		}
		return nil
	}})
	for _, tt := range []struct {
		method, query string
		status        int
		body          string
	}{
		{"GET", "EIO=4", 400, `{"code":0,"message":"Transport unknown"}`},
		{"GET", "EIO=4&transport=tcp", 400, `{"code":0,"message":"Transport unknown"}`},
		{"GET", "EIO=4&transport=polling&sid=unknown", 400, `{"code":1,"message":"Session ID unknown"}`},
		{"POST", "EIO=4&transport=polling", 400, `{"code":2,"message":"Bad handshake method"}`},
		{"PUT", "EIO=4&transport=polling", 400, `{"code":2,"message":"Bad handshake method"}`},
		{"GET", "EIO=4&transport=websocket", 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=4&transport=polling&check=plain", 403, `{"code":4,"message":"Forbidden"}`},
		{"GET", "EIO=4&transport=polling&check=own", 503, "later"},
		{"GET", "EIO=3&transport=polling", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"GET", "transport=polling", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"POST", "EIO=4&transport=polling&sid=unknown", 400, `{"code":1,"message":"Session ID unknown"}`},
		{"GET", "EIO=4&EIO=3&transport=polling&transport=x&sid[]=1", 200, ""}, // CVE-2023-31125's kind
	} {
		status, body := h.do(tt.method, tt.query, "")
		if status != tt.status || tt.body != "" && body != tt.body {
			t.Errorf("%s %s: %d %s, want %d %s", tt.method, tt.query, status, body, tt.status, tt.body)
		}
	}
	if s, err := h.tryDial("EIO=4&transport=websocket&check=own"); s != nil {
		t.Error("a refused websocket was opened", err)
	}
}

func TestPollingMessages(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	if status, body := h.do("POST", q, "4hello\x1ebAQIDBA==\x1e4"); status != 200 || body != "ok" {
		t.Fatalf("POST: %d %q", status, body)
	}
	for _, want := range []string{"text:hello", "binary:\x01\x02\x03\x04", "text:"} {
		if got := receive(t, l.messages); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	l.conn.Send(Concat(Text([]byte("a")), Binary([]byte{1, 2, 3, 4})))
	l.conn.Send(Text([]byte("ç")))
	if _, body := h.do("GET", q, ""); body != "4a\x1ebAQIDBA==\x1e4ç" {
		t.Errorf("got %q", body)
	}
	answer := h.get(q)
	waitPoll(t, l.conn)
	l.conn.Send(Text([]byte("pending")))
	if body := receive(t, answer); body != "4pending" {
		t.Errorf("got %q", body)
	}
}

// waitPoll waits until a poll is pending.
func waitPoll(t *testing.T, c *Conn) {
	t.Helper()
	until(t, c, func() bool { return c.transport.(*polling).poll != nil })
}

// until waits for a condition on a connection.
func until(t *testing.T, c *Conn, cond func() bool) {
	t.Helper()
	for t.Context().Err() == nil {
		c.mu.Lock()
		ok := cond()
		c.mu.Unlock()
		if ok {
			return
		}
		yield()
	}
	t.Fatal("never came true")
}

// python-engineio accepts at most 16 packets in an answer. A client that sends the time
// in seconds as t, or no t, may be python-engineio. Other clients receive up to
// maxAnswer bytes; payloads are split if necessary.
func TestPollingAnswerIsBounded(t *testing.T) {
	var ten []*Payload
	for range 10 {
		ten = append(ten, Text([]byte("x")))
	}
	for stamp, answers := range map[string][]int{
		"":                      {16, 16, 8},
		"&t=1764333000.1234567": {16, 16, 8},
		"&t=1764333000.0":       {16, 16, 8},
		"&t=PgHnCq4":            {40}, // yeast, of engine.io-client up to 6.5
		"&t=PgHnCq4.0":          {40},
		"&t=hj2k9d3f":           {40}, // engine.io-client from 6.6 on
		"&t=1764333000123":      {40}, // Date.now()
	} {
		h := serve(t, Config{})
		q, l := h.polling()
		for range 4 {
			l.conn.Send(Concat(ten...))
		}
		for _, want := range answers {
			_, body := h.do("GET", q+stamp, "")
			if got := strings.Count(body, "4x"); got != want || strings.Count(body, "\x1e") != want-1 {
				t.Errorf("%q: got %d packets, want %d: %q", stamp, got, want, body)
			}
		}
		if t.Failed() {
			return
		}
		pending := h.get(q + stamp)
		waitPoll(t, l.conn)
		l.conn.Send(Concat(append(ten, ten...)...))
		if body, want := receive(t, pending), min(answers[0], 20); strings.Count(body, "4x") != want {
			t.Errorf("%q: got %q, want %d packets", stamp, body, want)
		}
	}
	h := serve(t, Config{})
	q, l := h.polling()
	for range 3 {
		l.conn.Send(Text([]byte(strings.Repeat("x", maxAnswer/2))))
	}
	for _, want := range []int{1, 1, 1} {
		if _, body := h.do("GET", q+"&t=hj2k9d3f", ""); strings.Count(body, "4x") != want {
			t.Errorf("got %d packets of %d bytes, want %d", strings.Count(body, "4x"), len(body), want)
		}
	}
}

func TestPollingProtocolViolations(t *testing.T) {
	for name, tt := range map[string]struct {
		body   string
		header []string
		status int
	}{
		"unknown packet":   {"abc", nil, 400},
		"empty packet":     {"4a\x1e", nil, 400},
		"empty body":       {"", nil, 400},
		"bad base64":       {"b$$", nil, 400},
		"not UTF-8":        {"4\xff", nil, 400},
		"open":             {"0", nil, 400},
		"octet-stream":     {"4a", []string{"Content-Type", "application/octet-stream"}, 400}, // CVE-2026-59725
		"other type":       {"4a", []string{"Content-Type", "application/json"}, 400},
		"too many pongs":   {"3\x1e3\x1e3", nil, 400},
		"tiny packets":     {strings.Repeat("2\x1e", 30000), nil, 400},
		"too big, chunked": {strings.Repeat("4", 65537), []string{"Transfer-Encoding", "chunked"}, 413},
		"too big":          {strings.Repeat("4", 65537), nil, 413},
	} {
		t.Run(name, func(t *testing.T) {
			h := serve(t, Config{})
			q, l := h.polling()
			if status, body := h.do("POST", q, tt.body, tt.header...); status != tt.status {
				t.Errorf("POST: %d %q, want %d", status, body, tt.status)
			}
			if tt.status == 413 {
				// The reference server refuses only the body.
				if status, _ := h.do("POST", q, "4still here"); status != 200 || receive(t, l.messages) != "text:still here" {
					t.Error("the session was closed")
				}
				return
			}
			receive(t, l.closed)
			if status, _ := h.do("GET", q, ""); status != 400 {
				t.Errorf("GET afterwards: %d", status)
			}
		})
	}
}

// A body without a content type is text. [eio4:content-type]
func TestPollingContentType(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	for _, kind := range []string{"", "text/plain", "text/plain;charset=UTF-8", "Text/Plain ; charset=utf-8"} {
		if status, body := h.do("POST", q, "4a", "Content-Type", kind); status != 200 || body != "ok" {
			t.Errorf("%q: %d %q", kind, status, body)
			continue
		}
		if got := receive(t, l.messages); got != "text:a" {
			t.Errorf("%q: got %q", kind, got)
		}
	}
}

func TestPollingBodyAtTheLimit(t *testing.T) {
	h := serve(t, Config{MaxPayload: 10000})
	q, l := h.polling()
	if status, _ := h.do("POST", q, "4"+strings.Repeat("x", 9999)); status != 200 {
		t.Errorf("10000 bytes: %d", status)
	}
	if got := receive(t, l.messages); len(got) != len("text:")+9999 {
		t.Errorf("got %d bytes", len(got))
	}
	if status, _ := h.do("POST", q, "4"+strings.Repeat("x", 10000)); status != 413 {
		t.Errorf("10001 bytes: %d", status)
	}
}

// [SEC-41] A second GET or POST in flight closes the session.
func TestSEC41_Overlap(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	first := h.get(q)
	waitPoll(t, l.conn)
	if status, _ := h.do("GET", q, ""); status != 400 {
		t.Errorf("second GET: %d", status)
	}
	if body := receive(t, first); body != "1" {
		t.Errorf("first GET: %q", body)
	}
	receive(t, l.closed)

	enter, leave := make(chan bool), make(chan bool)
	h = serveWith(t, Config{}, func(*Conn, []byte, bool) { enter <- true; <-leave })
	q, l = h.polling()
	done := make(chan int, 1)
	go func() {
		status, _ := h.do("POST", q, "4a")
		done <- status
	}()
	<-enter
	if status, _ := h.do("POST", q, "4b"); status != 400 {
		t.Errorf("second POST: %d", status)
	}
	close(leave)
	receive(t, done)
	receive(t, l.closed)
}

func TestPollingAborted(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", h.url(q), nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		waitPoll(t, l.conn)
		cancel()
	}()
	if _, err := http.DefaultClient.Do(req); err == nil {
		t.Error("poll was answered")
	}
	if why := receive(t, l.closed); why.Detail != "poll aborted" {
		t.Errorf("closed: %+v", why)
	}
	if status, _ := h.do("GET", q, ""); status != 400 {
		t.Errorf("GET afterwards: %d", status)
	}
}

// [eio4:close]
func TestPollingPeerCloses(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	pending := h.get(q)
	waitPoll(t, l.conn)
	if status, body := h.do("POST", q, "4last\x1e1"); status != 200 || body != "ok" {
		t.Errorf("POST: %d %q", status, body)
	}
	if body := receive(t, pending); body != "6" {
		t.Errorf("pending poll: %q", body)
	}
	if got := receive(t, l.messages); got != "text:last" {
		t.Errorf("got %q", got)
	}
	receive(t, l.closed)
	if status, _ := h.do("GET", q, ""); status != 400 {
		t.Errorf("GET afterwards: %d", status)
	}
}

// Close: the close packet is sent to a pending poll or to the next one.
func TestPollingServerCloses(t *testing.T) {
	h := serve(t, Config{})
	for _, pending := range []bool{true, false} {
		q, l := h.polling()
		l.conn.Send(Text([]byte("dropped")))
		var answer <-chan string
		if pending {
			h.do("GET", q, "")
			answer = h.get(q)
			waitPoll(t, l.conn)
		}
		l.conn.Close(4100, "draining")
		if !pending {
			answer = h.get(q)
		}
		if body := receive(t, answer); body != "1" {
			t.Errorf("pending %v: %q", pending, body)
		}
		if status, _ := h.do("GET", q, ""); status != 400 {
			t.Errorf("GET afterwards: %d", status)
		}
		receive(t, l.closed)
	}
}

// K4: the last payload is in one answer and the queue is dropped; the close packet is in
// the next answer.
func TestPollingEnd(t *testing.T) {
	h := serve(t, Config{})
	last := Concat(Text([]byte(`2["session_ended"]`)), Text([]byte("1")))
	for _, pending := range []bool{true, false} {
		q, l := h.polling()
		var answer <-chan string
		if pending {
			answer = h.get(q)
			waitPoll(t, l.conn)
		} else {
			l.conn.Send(Text([]byte("dropped")))
		}
		l.conn.End(4001, "replaced", last)
		l.conn.Send(Text([]byte("late")))
		if status, body := h.do("POST", q, "4discarded"); status != 200 || body != "ok" {
			t.Errorf("POST: %d %q", status, body)
		}
		if !pending {
			answer = h.get(q)
		}
		if body := receive(t, answer); body != "42[\"session_ended\"]\x1e41" {
			t.Errorf("pending %v: %q", pending, body)
		}
		if status, body := h.do("POST", q, "1"); status != 200 || body != "ok" {
			t.Errorf("POST: %d %q", status, body)
		}
		if _, body := h.do("GET", q, ""); body != "1" {
			t.Errorf("next poll: %q", body)
		}
		if status, _ := h.do("GET", q, ""); status != 400 {
			t.Errorf("GET afterwards: %d", status)
		}
		if why := receive(t, l.closed); !why.Final {
			t.Errorf("closed: %+v", why)
		}
		if len(l.messages) != 0 {
			t.Error("a message was delivered after the end")
		}
	}
}

// Payloads marked by Preface are sent before the last payload.
func TestPollingEndKeepsPrefaces(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	l.conn.Send(Text([]byte("preface")).Preface())
	l.conn.Send(Text([]byte("dropped")))
	l.conn.End(4001, "", Text([]byte("last")))
	if _, body := h.do("GET", q, ""); body != "4preface\x1e4last" {
		t.Errorf("got %q", body)
	}
}

// [SEC-38] The server keeps at most 4 KiB of a last payload.
func TestPollingEndKeepsLittle(t *testing.T) {
	h := serve(t, Config{})
	q, l := h.polling()
	l.conn.End(4001, "", Concat(Text([]byte(strings.Repeat("x", 5000))), Text([]byte("1"))))
	if _, body := h.do("GET", q, ""); body != "41" {
		t.Errorf("got %.40q", body)
	}
}
