package config

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/session"
)

// Config is the effective configuration. Its keys, defaults and bounds are in the
// table (table.go); each section belongs to one package.
type Config struct {
	Data     string   // the data directory
	Warnings []string // one line for each setting that is allowed but not advised

	Server    Server
	TLS       TLS
	Token     Token
	Session   Session
	Seat      Seat
	Presence  Presence
	SocketIO  SocketIO
	RateLimit RateLimit
	Password  Password
	Database  Database
	Log       Log
	Metrics   Metrics
	Mail      Mail
	Audit     Audit

	origins map[string]string // by key: the source of a value that is not the default
}

// Server is the section [server].
type Server struct {
	Listen         string         // host:port; an empty host means every address
	PublicURL      string         // scheme://host[:port] that users open, or empty
	BasePath       string         // prefix of every path: "", or a path such as /turnike
	TrustedProxies []netip.Prefix // networks whose forwarding headers are trusted [SEC-47]
	ProxyProtocol  bool           // every connection begins with a PROXY header
	IdleTimeout    time.Duration  // of idle HTTP connections [SEC-37]
	DrainDelay     time.Duration  // between the first failing /readyz and the first closed socket
	DrainSpread    time.Duration  // the longest time over which sockets are then closed
}

// The values of TLSConfig.Mode.
const (
	TLSAuto  = "auto"  // a local CA in the data directory
	TLSFiles = "files" // CertFile and KeyFile
	TLSACME  = "acme"  // from a CA on the network
	TLSOff   = "off"   // behind a proxy, or on a loopback address
)

// TLS is the section [tls].
type TLS struct {
	Mode              string
	CertFile, KeyFile string

	ACMEDirectory  string // the CA's directory URL
	ACMEEmail      string
	ACMECAFile     string // certificates that verify the CA; empty uses the system's list
	ACMEAgree      bool   // to the CA's terms of service
	ACMEHTTPListen string // where HTTP-01 is answered; empty disables it
}

// Token is the section [token].
type Token struct {
	Lifetime       time.Duration // of a token and of its session
	Secret         secret.Secret // HS256 if set, otherwise the server's own Ed25519 keys
	SecretPrevious secret.Secret // only verifies [SEC-23]
}

// Session is the section [session].
type Session struct {
	Policy     session.Policy // [A4]
	MaxPerUser int
	WarBreaker bool          // [A6]
	Idle       time.Duration // [S11]; 0 is off
}

// Seat is the section [seat].
type Seat struct {
	Limit                 int           // of the pool default
	Grace                 time.Duration // [S3]
	ReclaimAfter          time.Duration // [S4]
	Handover              time.Duration // [A3]
	BootGrace             time.Duration // [S7]
	ConnectionsPerSession int           // [S1]; 0 is unlimited
}

// Presence is the section [presence].
type Presence struct {
	Visibility session.Visibility // [P5]
	NamesUpTo  int                // a pool with more users shows only their number [P4]
}

// SocketIO is the section [socketio].
type SocketIO struct {
	PingInterval    time.Duration // [S5]
	PingTimeout     time.Duration
	ConnectTimeout  time.Duration // from the handshake to CONNECT
	RegisterTimeout time.Duration // from CONNECT to register_user
	MaxPayload      int           // bytes of a message [SEC-38]
	AllowedOrigins  []string      // in addition to the server's own [SEC-32]
	Transports      []string      // polling, websocket
}

// RateLimit is the section [ratelimit]. Zero means no limit.
type RateLimit struct {
	Enabled bool // false lifts every limit of this section

	Connections           int           // all Engine.IO connections [SEC-42]
	UnverifiedPerAddress  int           // open connections whose session is not known yet
	FailuresPerAddress    int           // unverified connections that may end per second
	ConnectionsPerSession int           // connections that have not registered
	PollsPerConnection    int           // per second [SEC-41]
	EventsPerSocket       int           // per second [SEC-44]
	EventsPerUser         int           // per second
	OnlineUsers           time.Duration // between two get_online_users [SEC-45]

	LoginAccount    int           // wrong passwords of an account before it has to wait [SEC-06]
	LoginTotal      int           // wrong passwords in a row after which every wait is the longest
	LoginNetwork    int           // wrong passwords from one address
	LoginGlobal     int           // wrong passwords on the whole server
	LoginWindow     time.Duration // time after which wrong passwords are forgotten
	LoginBackoff    time.Duration // the first wait of an account
	LoginBackoffMax time.Duration // the longest wait
}

// Password is the section [password].
type Password struct {
	MinLength int           // characters of a new password [SEC-04]
	Memory    int           // of new hashes, KiB [SEC-01]
	Time      int           // passes
	Threads   int           // lanes
	Pepper    secret.Secret // mixed into new hashes; unset for none
}

// Parameters returns the cost of new hashes.
func (p Password) Parameters() account.Parameters {
	// The bounds in the table keep all three within their types.
	return account.Parameters{Memory: uint32(p.Memory), Time: uint32(p.Time), Threads: uint8(p.Threads)}
}

// Database is the section [database].
type Database struct {
	URL string // "sqlite:", the file in the data directory
}

// The values of LogConfig.Format.
const (
	FormatAuto = "auto" // text on a terminal, JSON elsewhere
	FormatJSON = "json"
	FormatText = "text"
)

// The values of LogConfig.Access that name no file.
const (
	AccessOff    = "off"
	AccessStderr = "stderr"
)

// Log is the section [log].
type Log struct {
	Level  string // debug, info, warn or error
	Format string // of stderr: auto, json or text
	Access string // "off", "stderr" or the name of a file
}

// Mail is the section [mail]. No mail is sent while To is empty.
type Mail struct {
	To           []string // who gets the alerts
	From         string
	SMTP         string // host:port
	Hello        string // the name in EHLO; "" uses the host of server.public_url, else the host name
	TLS          alert.Security
	Username     string
	Password     secret.Secret
	CAFile       string
	Language     string
	FailedLogins int // failed logins within 15 minutes that trigger a mail; 0 disables it
}

// Metrics is the section [metrics].
type Metrics struct {
	Listen string        // a separate plain HTTP listener; empty for none
	Pprof  bool          // serve profiles of the process there [SEC-64]
	Token  secret.Secret // allows GET /metrics on the main listener; unset disables it
}

// Audit is the section [audit].
type Audit struct {
	Retention            time.Duration // how long audit events are kept
	FailedLoginRetention time.Duration // how long failed logins are kept
}

// ProxyFrom returns the networks that must speak the PROXY protocol; none if it is
// off.
func (c Config) ProxyFrom() []netip.Prefix {
	if !c.Server.ProxyProtocol {
		return nil
	}
	return c.Server.TrustedProxies
}

// Rules returns the part of the configuration that the rules of admission use.
func (c Config) Rules() session.Rules {
	r := session.DefaultRules()
	r.Lifetime = c.Token.Lifetime
	r.Policy = c.Session.Policy
	r.DetectSharing = c.Session.WarBreaker
	r.MaxPerUser = c.Session.MaxPerUser
	r.Grace = c.Seat.Grace
	r.ReclaimAfter = c.Seat.ReclaimAfter
	r.Handover = c.Seat.Handover
	r.BootGrace = c.Seat.BootGrace
	r.ConnsPerSession = c.Seat.ConnectionsPerSession
	r.RetryAfter = min(r.RetryAfter, c.SocketIO.RegisterTimeout/2) // on the same socket [S9]
	return r
}

// Origin names the source of the value of a key, such as "--listen"; "" if the
// value is the default.
func (c Config) Origin(key string) string { return c.origins[key] }

// PublicAddress returns server.public_url, or nil if it is not set.
func (c Config) PublicAddress() *url.URL {
	if c.Server.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(c.Server.PublicURL)
	if err != nil {
		return nil // validation has refused it before
	}
	return u
}
