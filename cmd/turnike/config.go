package main

import (
	"net/netip"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/login"
	"github.com/turnike/turnike/internal/ratelimit"
	"github.com/turnike/turnike/internal/realtime"
	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/session"
)

// Config is the configuration in force. Its keys, defaults and bounds are in
// the table of fields; every section is the part of one package.
type Config struct {
	Data     string   // the data directory
	Warnings []string // what is allowed but not advised, a line each

	Server    ServerConfig
	TLS       TLSConfig
	Token     TokenConfig
	Session   SessionConfig
	Seat      SeatConfig
	Presence  PresenceConfig
	SocketIO  SocketIOConfig
	RateLimit RateLimitConfig
	Password  PasswordConfig
	Database  DatabaseConfig
	Log       LogConfig
	Metrics   MetricsConfig
	Mail      MailConfig
	Audit     AuditConfig

	origins map[string]string // by key, where a value that is no default came from
}

// ServerConfig is the section [server].
type ServerConfig struct {
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

// TLSConfig is the section [tls].
type TLSConfig struct {
	Mode              string
	CertFile, KeyFile string

	ACMEDirectory  string // the authority's URL
	ACMEEmail      string
	ACMECAFile     string // to trust the authority by; empty for the system's list
	ACMEAgree      bool   // to the authority's terms
	ACMEHTTPListen string // for HTTP-01; empty for none
}

// TokenConfig is the section [token].
type TokenConfig struct {
	Lifetime       time.Duration // of a token and of its session
	Secret         secret.Secret // HS256 when set, the own Ed25519 keys when not
	SecretPrevious secret.Secret // verifies only [SEC-23]
}

// SessionConfig is the section [session].
type SessionConfig struct {
	Policy     session.Policy // [A4]
	MaxPerUser int
	WarBreaker bool          // [A6]
	Idle       time.Duration // [S11]; 0 is off
}

// SeatConfig is the section [seat].
type SeatConfig struct {
	Limit                 int           // of the pool default
	Grace                 time.Duration // [S3]
	ReclaimAfter          time.Duration // [S4]
	Handover              time.Duration // [A3]
	BootGrace             time.Duration // [S7]
	ConnectionsPerSession int           // [S1]; 0 is any number
}

// PresenceConfig is the section [presence].
type PresenceConfig struct {
	Visibility session.Visibility // [P5]
	NamesUpTo  int                // users of a pool; above it, as with count [P4]
}

// SocketIOConfig is the section [socketio].
type SocketIOConfig struct {
	PingInterval    time.Duration // [S5]
	PingTimeout     time.Duration
	ConnectTimeout  time.Duration // from the handshake to CONNECT
	RegisterTimeout time.Duration // from CONNECT to register_user
	MaxPayload      int           // bytes of a message [SEC-38]
	AllowedOrigins  []string      // besides the own [SEC-32]
	Transports      []string      // polling, websocket
}

// RateLimitConfig is the section [ratelimit]. Zero numbers are no limit.
type RateLimitConfig struct {
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

// logins are what wrong passwords cost. An account waits longer each time. The
// others never do: with many people behind one address the waits of one must not
// lock the others out, so past its limit it has that many in a window.
func (c RateLimitConfig) logins() login.Limits {
	if !c.Enabled {
		return login.Limits{}
	}
	steady := func(free int) ratelimit.Backoff {
		every := c.LoginWindow / time.Duration(max(free, 1))
		return ratelimit.Backoff{Free: free, Window: c.LoginWindow, First: every, Max: every}
	}
	return login.Limits{
		Account: ratelimit.Backoff{Free: c.LoginAccount, Window: c.LoginWindow, First: c.LoginBackoff, Max: c.LoginBackoffMax, Total: c.LoginTotal},
		Network: steady(c.LoginNetwork), Global: steady(c.LoginGlobal),
	}
}

// limits are what the sockets keep to: of the connections never more than leave
// descriptors for the database, for logins and for commands.
func (c RateLimitConfig) limits(files int) realtime.Limits {
	if !c.Enabled {
		return realtime.Limits{}
	}
	l := realtime.Limits{
		Connections: c.Connections, UnverifiedPerAddress: c.UnverifiedPerAddress, FailuresPerAddress: c.FailuresPerAddress,
		ConnectionsPerSession: c.ConnectionsPerSession, PollsPerConnection: c.PollsPerConnection,
		EventsPerSocket: c.EventsPerSocket, EventsPerUser: c.EventsPerUser, OnlineUsers: c.OnlineUsers, Replacements: true,
	}
	if most := max(files-spareFiles, 1); files > 0 && (l.Connections == 0 || l.Connections > most) {
		l.Connections = most
	}
	return l
}

// PasswordConfig is the section [password].
type PasswordConfig struct {
	MinLength int           // characters of a new password [SEC-04]
	Memory    int           // of new hashes, KiB [SEC-01]
	Time      int           // passes
	Threads   int           // lanes
	Pepper    secret.Secret // of new hashes; unset for none
}

// parameters are the costs of new hashes.
func (p PasswordConfig) parameters() account.Parameters {
	// The table keeps all three within their types.
	return account.Parameters{Memory: uint32(p.Memory), Time: uint32(p.Time), Threads: uint8(p.Threads)}
}

// DatabaseConfig is the section [database].
type DatabaseConfig struct {
	URL string // sqlite: is the file in the data directory
}

// LogConfig is the section [log].
type LogConfig struct {
	Level  string // debug, info, warn or error
	Format string // of stderr
	Access string // off, stderr or a file
}

// MailConfig is the section [mail]. No mail is sent while To is empty.
type MailConfig struct {
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

// MetricsConfig is the section [metrics].
type MetricsConfig struct {
	Listen string        // a listener of its own, plain HTTP; empty for none
	Pprof  bool          // profiles of the process on it [SEC-64]
	Token  secret.Secret // grants GET /metrics on the main listener; unset: not there
}

// AuditConfig is the section [audit].
type AuditConfig struct {
	Retention            time.Duration // of events of the class audit
	FailedLoginRetention time.Duration // of those among them that count failed logins
}

// proxyFrom are the networks that have to speak the PROXY protocol; none when it
// is off.
func (c Config) proxyFrom() []netip.Prefix {
	if !c.Server.ProxyProtocol {
		return nil
	}
	return c.Server.TrustedProxies
}

// rules are the part of the configuration that the rules of admission use.
func (c Config) rules() session.Rules {
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
	return r
}
