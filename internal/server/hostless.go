package server

import (
	"bytes"
	"log/slog"
	"net"
	"sync/atomic"
	"time"
)

// noHostAnswer begins the answer of net/http to an HTTP/1.1 request without Host
// (RFC 9112, section 3.2). No handler sees such a request.
var noHostAnswer = []byte("HTTP/1.1 400 Bad Request: missing required Host header")

// hostlessListener leaves a warning when a request without Host was refused: a
// proxy that does not pass the header on otherwise lets nobody in without a trace.
// It sees plain connections only, which are those of proxies.
type hostlessListener struct {
	net.Listener
	log  *slog.Logger
	last atomic.Int64 // when it was logged, Unix seconds
}

// Accept implements net.Listener.
func (l *hostlessListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &hostlessConn{c, l}, nil
}

// refused logs once a minute.
func (l *hostlessListener) refused(c net.Conn) {
	now, last := time.Now().Unix(), l.last.Load()
	if now-last >= 60 && l.last.CompareAndSwap(last, now) {
		remote, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		l.log.Warn("request refused: it has no Host header", "remote", remote,
			"mend", "make the proxy in front pass the Host header on (nginx: proxy_set_header Host $http_host)")
	}
}

type hostlessConn struct {
	net.Conn
	l *hostlessListener
}

// Write implements net.Conn.
func (c *hostlessConn) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, noHostAnswer) {
		c.l.refused(c.Conn)
	}
	return c.Conn.Write(p)
}

// CloseWrite lets the other side read an answer whose request was not read to its
// end.
func (c *hostlessConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// NetConn is the connection below, for who looks at its socket.
func (c *hostlessConn) NetConn() net.Conn { return c.Conn }
