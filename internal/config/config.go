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

// Config is the configuration in force. Its keys, defaults and bounds are in
// the table of fields; every section is the part of one package.
type Config struct {
	Data     string   // the data directory
	Warnings []string // what is allowed but not advised, a line each

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
	Listen         string         // host:port; an empty host is every address
	PublicURL      string         // scheme://host[:port] that users type, or empty
	BasePath       string         // that every path begins with: "" or one such as /turnike
	TrustedProxies []netip.Prefix // whose forwarding headers are believed [SEC-47]
	ProxyProtocol  bool           // connections begin with a PROXY header
	IdleTimeout    time.Duration  // of kept connections [SEC-37]
	DrainDelay     time.Duration  // from /readyz failing to the first closed socket
	DrainSpread    time.Duration  // over which sockets are closed then, at most
}

// The values of TLSConfig.Mode.
const (
	TLSAuto  = "auto"  // own local CA in the data directory
	TLSFiles = "files" // CertFile and KeyFile
	TLSACME  = "acme"  // from an authority on the network
	TLSOff   = "off"   // behind a proxy, or on a loopback address
)

// TLS is the section [tls].
type TLS struct {
	Mode              string
	CertFile, KeyFile string

	ACMEDirectory  string // the authority's URL
	ACMEEmail      string
	ACMECAFile     string // to trust the authority by; empty for the system's list
	ACMEAgree      bool   // to the authority's terms
	ACMEHTTPListen string // for HTTP-01; empty for none
}

// Token is the section [token].
type Token struct {
	Lifetime       time.Duration // of a token and of its session
	Secret         secret.Secret // HS256 when set, the own Ed25519 keys when not
	SecretPrevious secret.Secret // verifies only [SEC-23]
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
	ConnectionsPerSession int           // [S1]; 0 is any number
}

// Presence is the section [presence].
type Presence struct {
	Visibility session.Visibility // [P5]
	NamesUpTo  int                // users of a pool; above it, as with count [P4]
}

// SocketIO is the section [socketio].
type SocketIO struct {
	PingInterval    time.Duration // [S5]
	PingTimeout     time.Duration
	ConnectTimeout  time.Duration // from the handshake to CONNECT
	RegisterTimeout time.Duration // from CONNECT to register_user
	MaxPayload      int           // bytes of a message [SEC-38]
	AllowedOrigins  []string      // besides the own [SEC-32]
	Transports      []string      // polling, websocket
}

// RateLimit is the section [ratelimit]. Zero numbers are no limit.
type RateLimit struct {
	Enabled bool // false: none of them holds

	Connections           int           // Engine.IO connections in all [SEC-42]
	UnverifiedPerAddress  int           // of them, open without a known session
	FailuresPerAddress    int           // such ones that end, a second
	ConnectionsPerSession int           // that have not registered
	PollsPerConnection    int           // a second [SEC-41]
	EventsPerSocket       int           // a second [SEC-44]
	EventsPerUser         int           // a second
	OnlineUsers           time.Duration // between two get_online_users [SEC-45]

	LoginAccount    int           // wrong passwords that cost nothing, by account [SEC-06]
	LoginTotal      int           // without a right one, from which on waits are the longest
	LoginNetwork    int           // by address
	LoginGlobal     int           // in all
	LoginWindow     time.Duration // after which they are forgotten
	LoginBackoff    time.Duration // the first wait of an account
	LoginBackoffMax time.Duration // the longest
}

// Password is the section [password].
type Password struct {
	MinLength int           // characters of a new password [SEC-04]
	Memory    int           // of new hashes, KiB [SEC-01]
	Time      int           // passes
	Threads   int           // lanes
	Pepper    secret.Secret // of new hashes; unset for none
}

// Parameters are the costs of new hashes.
func (p Password) Parameters() account.Parameters {
	// The table keeps all three within their types.
	return account.Parameters{Memory: uint32(p.Memory), Time: uint32(p.Time), Threads: uint8(p.Threads)}
}

// Database is the section [database].
type Database struct {
	URL string // sqlite: is the file in the data directory
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
	Format string // of stderr
	Access string // off, stderr or a file
}

// Mail is the section [mail]. No mail is sent while To is empty.
type Mail struct {
	To           []string // who is alerted
	From         string
	SMTP         string // host:port
	Hello        string // the name in EHLO; "" is the host of server.public_url, else the host's name
	TLS          alert.Security
	Username     string
	Password     secret.Secret
	CAFile       string
	Language     string
	FailedLogins int // within 15 minutes that are worth a mail; 0: any number is not
}

// Metrics is the section [metrics].
type Metrics struct {
	Listen string        // a listener of its own, plain HTTP; empty for none
	Pprof  bool          // profiles of the process on it [SEC-64]
	Token  secret.Secret // grants GET /metrics on the main listener; unset: not there
}

// Audit is the section [audit].
type Audit struct {
	Retention            time.Duration // of events of the class audit
	FailedLoginRetention time.Duration // of those among them that count failed logins
}

// ProxyFrom are the networks that have to speak the PROXY protocol; none when it
// is off.
func (c Config) ProxyFrom() []netip.Prefix {
	if !c.Server.ProxyProtocol {
		return nil
	}
	return c.Server.TrustedProxies
}

// Rules are the part of the configuration that the rules of admission use.
func (c Config) Rules() session.Rules {
	r := session.DefaultRules()
	r.Lifetime = c.Token.Lifetime
	r.Policy = c.Session.Policy
	r.WarBreaker = c.Session.WarBreaker
	r.MaxPerUser = c.Session.MaxPerUser
	r.Grace = c.Seat.Grace
	r.ReclaimAfter = c.Seat.ReclaimAfter
	r.Handover = c.Seat.Handover
	r.BootGrace = c.Seat.BootGrace
	r.ConnsPerSession = c.Seat.ConnectionsPerSession
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
