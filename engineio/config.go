package engineio

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Names of the transports.
const (
	Polling   = "polling"
	WebSocket = "websocket"
)

// Config tunes a [Server]. The zero value is usable; a zero field means its
// default.
type Config struct {
	// PingInterval is the time between a pong and the next ping (default 25 s).
	PingInterval time.Duration
	// PingTimeout is how long a pong may take (default 20 s). Only the answers
	// to the server's pings keep a connection alive, never other traffic.
	PingTimeout time.Duration
	// MaxPayload bounds, in bytes, one websocket message and one polling body (default
	// 65536, at most 1 MiB). The open packet announces it to clients.
	MaxPayload int
	// UpgradeTimeout bounds the time between the websocket handshake of an
	// upgrade and its "upgrade" packet (default 10 s).
	UpgradeTimeout time.Duration
	// MessageTimeout bounds the time between the first byte of a message and
	// its last (default 10 s).
	MessageTimeout time.Duration
	// WriteTimeout bounds each write of at most 16 KiB to a peer (default 10 s).
	WriteTimeout time.Duration
	// CloseTimeout is how long a peer has to answer a websocket close before
	// its TCP connection is cut (default 2 s).
	CloseTimeout time.Duration
	// LingerTimeout is how long the last payload of an ended polling connection is kept
	// for a client without a pending poll (default 60 s).
	LingerTimeout time.Duration
	// Transports lists the transports to serve (default polling and websocket).
	Transports []string
	// Subprotocols lists the subprotocols that a websocket may request in
	// Sec-WebSocket-Protocol, most preferred first. If it requests none of them, none is
	// chosen. [RFC6455:1.9]
	Subprotocols []string
	// MaxQueue bounds the bytes queued for a peer that has stopped reading (default 1
	// MiB). If more are queued and the peer has taken nothing for StallTimeout, the next
	// [Conn.Send] closes the connection. One payload marked by [Payload.Snapshot] is not
	// counted.
	MaxQueue int
	// StallTimeout is how long a peer with more than MaxQueue bytes queued may take
	// nothing (default 3 s). WriteTimeout should be more than twice as long.
	StallTimeout time.Duration
	// MaxBurst bounds the bytes queued for any peer, however fast it reads (default four
	// times MaxQueue). Neither bound counts the message that is being sent, and a
	// message is accepted if the queue in front of it is within the bounds. So an idle
	// peer can be sent a message of any size.
	MaxBurst int
	// MaxQueueTotal bounds the bytes queued for all peers together (default 256 MiB);
	// above it, the connection with the longest queue is closed.
	MaxQueueTotal int64
	// OverflowCode is the close code for a connection whose queue is full (default 1013,
	// "try again later").
	OverflowCode int

	// CheckRequest, if set, is called for every HTTP request before it has any effect:
	// the handshake (c is nil), each polling GET and POST, and the upgrade. An
	// [*HTTPError] refuses the request with its own answer, any other error with the
	// reference server's 403. Refusing a request does not end its connection.
	CheckRequest func(r *http.Request, c *Conn) error
	// ForgetRequest drops the request that opened a connection, see [Conn.Request]. It
	// saves one to two kilobytes for each open connection.
	ForgetRequest bool
	// OnOverflow is called for each connection that is closed because its own queue, or
	// all queues together, were too long (default: a warning to Logger). It must not
	// block.
	OnOverflow func(c *Conn)
	// OnPanic is called for each panic in a [Receiver] or in the engine (default: an
	// error to Logger). The connection of the panic is closed; the process goes on.
	OnPanic func(value any, stack []byte)
	// Logger receives panics and overflows, unless OnPanic and OnOverflow are set, and
	// refused requests at debug level (default [slog.Default]).
	Logger *slog.Logger
}

// maxMaxPayload is the upper limit of Config.MaxPayload. [SEC-38]
const maxMaxPayload = 1 << 20

// withDefaults returns cfg with every zero field replaced by its default.
func (cfg Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&cfg.PingInterval, 25*time.Second)
	def(&cfg.PingTimeout, 20*time.Second)
	def(&cfg.UpgradeTimeout, 10*time.Second)
	def(&cfg.MessageTimeout, 10*time.Second)
	def(&cfg.WriteTimeout, 10*time.Second)
	def(&cfg.CloseTimeout, 2*time.Second)
	def(&cfg.LingerTimeout, 60*time.Second)
	def(&cfg.StallTimeout, 3*time.Second)
	if cfg.MaxPayload <= 0 {
		cfg.MaxPayload = 65536
	}
	cfg.MaxPayload = min(cfg.MaxPayload, maxMaxPayload)
	if cfg.MaxQueue <= 0 {
		cfg.MaxQueue = 1 << 20
	}
	if cfg.MaxBurst <= 0 {
		cfg.MaxBurst = 4 * cfg.MaxQueue
	}
	if cfg.MaxQueueTotal <= 0 {
		cfg.MaxQueueTotal = 256 << 20
	}
	if cfg.OverflowCode == 0 {
		cfg.OverflowCode = 1013
	}
	if cfg.Transports == nil {
		cfg.Transports = []string{Polling, WebSocket}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return cfg
}

// HTTPError refuses an HTTP request with the given answer.
type HTTPError struct {
	// Status of the answer (default 403).
	Status int
	// Header is added to the answer's headers.
	Header http.Header
	// Body of the answer; set Content-Type in Header.
	Body []byte
}

// Error implements error.
func (e *HTTPError) Error() string {
	return fmt.Sprintf("engineio: request refused with status %d", e.Status)
}
