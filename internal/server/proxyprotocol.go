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

// errNotTrusted is the end of a connection that names an address and may not.
var errNotTrusted = errors.New("server: a PROXY header from an address that is not trusted")

// proxyListener takes connections of trusted proxies only, and only with a PROXY
// header, version 1 or 2, whose address is then the connection's. This machine
// itself may also ask with a header that names nobody (LOCAL), as health checks do.
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
			_ = c.Close() // nobody to tell
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

// NetConn is the connection below, for who looks at its socket.
func (c proxiedConn) NetConn() net.Conn { return c.Raw() }

// LocalHeader is what a client on this machine says first to a listener that
// wants the PROXY protocol: nobody is behind it.
func LocalHeader() ([]byte, error) {
	return (&proxyproto.Header{Version: 2, Command: proxyproto.LOCAL, TransportProtocol: proxyproto.UNSPEC}).Format()
}
