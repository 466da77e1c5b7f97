package engineio

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// Over TLS: polling by HTTP/2, and a websocket and its end.
func TestTLS(t *testing.T) {
	opened := make(chan *listener, 4)
	s := NewServer(Config{}, func(c *Conn, _ *http.Request) (Receiver, error) {
		l := &listener{conn: c, messages: make(chan string, 4), closed: make(chan Closure, 4)}
		opened <- l
		return l, nil
	})
	web := httptest.NewUnstartedServer(s)
	web.EnableHTTP2 = true
	web.StartTLS()
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		s.Close(1001, "")
		if err := s.Wait(ctx); err != nil {
			t.Error(err)
		}
	})

	resp, err := web.Client().Get(web.URL + "/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.ProtoMajor != 2 || resp.StatusCode != 200 {
		t.Errorf("polling: %v", resp)
	}
	receive(t, opened)

	d := ws.Dialer{Timeout: patience, TLSConfig: &tls.Config{RootCAs: web.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
	conn, br, _, err := d.Dial(t.Context(), strings.Replace(web.URL, "https", "wss", 1)+"/?EIO=4&transport=websocket")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	c := &socket{t: t, conn: conn, r: conn}
	if br != nil {
		c.r = br
	}
	c.text()
	l := receive(t, opened)
	w := l.conn.transport.(*webSocket)
	until(t, l.conn, func() bool { return !w.writing })
	if w.wire.raw == nil {
		t.Error("the TCP connection below TLS was not found: nothing is written inline")
	}
	c.send("4hello")
	if got := receive(t, l.messages); got != "text:hello" {
		t.Errorf("got %q", got)
	}
	long := strings.Repeat("x", 100000)
	l.conn.Send(Text([]byte(long)))
	l.conn.End(4001, "replaced", Text([]byte("last")))
	if c.text() != "4"+long || c.text() != "4last" {
		t.Error("something else came")
	}
	if code := c.closed(); code != 4001 {
		t.Errorf("code %d", code)
	}
	receive(t, l.closed)
}
