package realtime

import (
	"net/http"
	"sync"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/ratelimit"
)

// handshake is what is kept of the requests of a connection.
type handshake struct {
	lang    string
	bearer  string         // the token of the Authorization header; if there is one, the cookie is ignored
	cookie  *auth.Identity // the session of the cookie, if live
	ends    uint64         // kick.Dispatcher.Ends when the cookie was looked up
	checked uint64         // Server.rechecks when the cookie was looked up
	refused *auth.Error    // why the cookie was refused

	mu          sync.Mutex        // guards what follows
	countedAs   string            // the key that it counts by until CONNECT [SEC-42], see connLimiter; empty after that
	polls       *ratelimit.Bucket // made by the first poll [SEC-41]
	origin      string            // the last one shown
	blindPost   bool              // the latest POST came without an Origin, so the cookie does not authenticate its content
	blindSocket bool              // the websocket came without an Origin, so the cookie does not authenticate its frames
	client      *client           // once connected
	byToken     bool              // a token has connected, so the cookie is ignored
}

func handshakeOf(c *engineio.Conn) *handshake {
	if c == nil {
		return nil
	}
	hs, _ := c.Value().(*handshake)
	return hs
}

// blind reports whether the cookie is ignored because a program, not a browser,
// sends the packets.
func (hs *handshake) blind() bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.blindPost || hs.blindSocket
}

// byCookie reports whether the cookie has connected.
func (hs *handshake) byCookie() bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.client != nil && !hs.byToken
}

// show notes the Origin of a request, "" if it has none.
func (hs *handshake) show(r *http.Request, shown string) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if shown != "" {
		hs.origin = shown
	}
	switch {
	case isUpgrade(r):
		hs.blindSocket = hs.blindSocket || shown == ""
	case r.Method == http.MethodPost:
		hs.blindPost = shown == ""
	}
}

// isUpgrade reports whether a request is the handshake of a websocket. The engine
// refuses one that only claims to be.
func isUpgrade(r *http.Request) bool { return r.URL.Query().Get("transport") == engineio.WebSocket }
