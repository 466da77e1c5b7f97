package server

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// one accepts one connection.
type one struct {
	conn chan net.Conn
	done chan struct{}
}

func (l one) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l one) Close() error   { close(l.done); return nil }
func (l one) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection whose other end has an address.
type from struct {
	net.Conn
	addr string
}

func (c from) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.addr)) }

// TestSEC47_HeaderTimeout: a proxy has two seconds for its header.
func TestSEC47_HeaderTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := one{make(chan net.Conn, 2), make(chan struct{})}
		here, there := net.Pipe()
		stranger, refused := net.Pipe()
		l.conn <- from{refused, "203.0.113.7:1"}
		l.conn <- from{there, "10.0.0.1:1"}
		c, err := proxyListener{l, networks()}.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stranger.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("a stranger's connection: %v", err)
		}
		go func() { _, _ = io.WriteString(here, "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c") }()
		start := time.Now()
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("half a header is enough")
		}
		if waited := time.Since(start); waited != proxyHeaderTimeout {
			t.Errorf("waited for %v", waited)
		}
		here.Close()
		c.Close()
	})
}
