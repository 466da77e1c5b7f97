package server

import (
	"net"
	"sync"
	"time"
)

// tlsHandshake is the first byte of every TLS connection (RFC 8446, section 5.1).
const tlsHandshake = 0x16

// plainRefusal answers plain HTTP on the TLS port. It never has any content.
const plainRefusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

// tlsOnly closes connections whose first byte is not that of TLS. Nothing more of them is
// looked at.
type tlsOnly struct{ net.Listener }

// Accept implements net.Listener.
func (l tlsOnly) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &tlsOnlyConn{Conn: c}, nil
}

type tlsOnlyConn struct {
	net.Conn
	once sync.Once
	err  error
}

// NetConn returns the wrapped connection, for code that inspects its socket.
func (c *tlsOnlyConn) NetConn() net.Conn { return c.Conn }

// Read implements net.Conn.
func (c *tlsOnlyConn) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.once.Do(func() {
			if p[0] != tlsHandshake {
				_ = c.SetWriteDeadline(time.Now().Add(time.Second))
				_, _ = c.Write([]byte(plainRefusal)) // the client may be gone
				_ = c.Close()
				c.err = net.ErrClosed
			}
		})
	}
	if c.err != nil {
		return 0, c.err
	}
	return n, err
}
