package server

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pires/go-proxyproto"
)

// proxyHeaderTimeout is how long a proxy may take for the PROXY header [SEC-47].
const proxyHeaderTimeout = 2 * time.Second

// errNotTrusted ends a connection that names a client without being trusted.
var errNotTrusted = errors.New("server: a PROXY header from an address that is not trusted")

// proxyListener accepts only connections of trusted proxies that begin with a PROXY header
// of version 1 or 2. The address in the header becomes the connection's. This machine may
// also connect with a header that names no client (LOCAL), as health checks do.
type proxyListener struct {
	net.Listener
	trusted proxies
}

// Accept implements net.Listener.
func (l proxyListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, err := netip.ParseAddrPort(c.RemoteAddr().String())
		trusted := err == nil && l.trusted.trust(peer.Addr())
		if !trusted && (err != nil || !peer.Addr().Unmap().IsLoopback()) {
			_ = c.Close() // an answer would not be understood
			continue
		}
		return proxiedConn{proxyproto.NewConn(c, proxyproto.WithPolicy(proxyproto.REQUIRE),
			proxyproto.SetReadHeaderTimeout(proxyHeaderTimeout), proxyproto.ValidateHeader(func(h *proxyproto.Header) error {
				if !trusted && !h.Command.IsLocal() {
					return errNotTrusted
				}
				return nil
			}))}, nil
	}
}

type proxiedConn struct{ *proxyproto.Conn }

// NetConn returns the wrapped connection, for code that inspects its socket.
func (c proxiedConn) NetConn() net.Conn { return c.Raw() }

// LocalHeader returns the PROXY header that a client on this machine must send first to a
// listener with the PROXY protocol. It names no client.
func LocalHeader() ([]byte, error) {
	return (&proxyproto.Header{Version: 2, Command: proxyproto.LOCAL, TransportProtocol: proxyproto.UNSPEC}).Format()
}
