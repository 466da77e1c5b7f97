package config

import (
	"slices"
	"time"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/alert"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/web"
)

const day = 24 * time.Hour

// Upper bounds of a pool, for seat.limit, session.max_per_user and `pool set`.
const (
	MaxLimit    = 1_000_000
	MaxSessions = 1000
)

// letsEncrypt is the default CA.
const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// fields returns the table of all keys: the one place where a key, its default, its
// bounds and its meaning are written. The file, the environment, the flags and
// `turnike check` are all made from it, in this order.
func (c *Config) fields() []field {
	return slices.Concat(
		c.serverFields(),
		c.tlsFields(),
		c.tokenFields(),
		c.sessionFields(),
		c.seatFields(),
		c.presenceFields(),
		c.socketIOFields(),
		c.rateLimitFields(),
		c.passwordFields(),
		c.databaseFields(),
		c.logFields(),
		c.metricsFields(),
		c.mailFields(),
		c.auditFields(),
	)
}

func (c *Config) serverFields() []field {
	return []field{
		str(&c.Server.Listen, listenAddress).
			named("server.listen", ":5000", "address to listen on, host:port; no host is every address"),
		str(&c.Server.PublicURL, optional(publicURL)).
			named("server.public_url", "", "the address that users type, such as https://turnike.example.com"),
		str(&c.Server.BasePath, optional(basePath)).
			named("server.base_path", "", "path that everything is below, such as /turnike, for a host shared with others"),
		list(&c.Server.TrustedProxies, proxyNetwork).
			named("server.trusted_proxies", "", "networks (CIDR) whose forwarding headers are believed"),
		boolean(&c.Server.ProxyProtocol).
			named("server.proxy_protocol", "false", "every connection comes from a trusted proxy and begins with a PROXY header"),
		duration(&c.Server.IdleTimeout, time.Second, time.Hour).
			named("server.idle_timeout", "120s", "ends a kept connection without a request; longer than proxies in front keep theirs"),
		duration(&c.Server.DrainDelay, 0, 10*time.Minute).
			named("server.drain_delay", "0s", "a stopping server goes on that long with /readyz failing, for a balancer to notice"),
		duration(&c.Server.DrainSpread, 0, time.Minute).
			named("server.drain_spread", "2s", "it then closes its sockets over that time at most, a millisecond apart where that is shorter"),
	}
}

func (c *Config) tlsFields() []field {
	return []field{
		choice(&c.TLS.Mode, TLSAuto, TLSFiles, TLSACME, TLSOff).
			named("tls.mode", TLSAuto, "auto makes a local CA in the data directory; files reads cert_file and key_file; acme asks an authority"),
		str(&c.TLS.CertFile, optional(fileName)).named("tls.cert_file", "", "certificate chain, PEM"),
		str(&c.TLS.KeyFile, optional(fileName)).named("tls.key_file", "", "private key, PEM"),
		str(&c.TLS.ACMEDirectory, directoryURL).
			named("tls.acme_directory", letsEncrypt, "the ACME authority's directory"),
		boolean(&c.TLS.ACMEAgree).
			named("tls.acme_agree", "false", "true accepts the terms of service of that authority"),
		str(&c.TLS.ACMEEmail, optional(mailAddress)).
			named("tls.acme_email", "", "where the authority can reach you"),
		str(&c.TLS.ACMECAFile, optional(fileName)).
			named("tls.acme_ca_file", "", "certificates to trust a private authority by, PEM"),
		str(&c.TLS.ACMEHTTPListen, optional(listenAddress)).allowEmpty().
			named("tls.acme_http_listen", ":80", "where HTTP-01 is answered, open only meanwhile; empty does without it"),
	}
}

func (c *Config) tokenFields() []field {
	return []field{
		duration(&c.Token.Lifetime, time.Second, 400*day).
			named("token.lifetime", "24h", "how long a login is good for"),
		secretText(&c.Token.Secret, tokenSecret).alias("JWT_SECRET_KEY").
			named("token.secret", "", "signs tokens with HS256 instead of the server's own key; 32 bytes at least"),
		secretText(&c.Token.SecretPrevious, tokenSecret).
			named("token.secret_previous", "", "the token.secret before this one: its tokens stay good, it signs none"),
	}
}

func (c *Config) sessionFields() []field {
	return []field{
		choice(&c.Session.Policy, session.PolicyReplace, session.PolicyDeny, session.PolicyAsk).
			named("session.policy", "replace", "what a login does that finds another session of its user"),
		number(&c.Session.MaxPerUser, 1, MaxSessions).
			named("session.max_per_user", "1", "live sessions of one user"),
		boolean(&c.Session.WarBreaker).
			named("session.war_breaker", "true", "two devices that keep replacing each other have to confirm"),
		duration(&c.Session.Idle, 0, 400*day).only("0s", "leave it at 0").
			named("session.idle", "0s", "ends a session without activity; 0 never does"),
	}
}

func (c *Config) seatFields() []field {
	return []field{
		number(&c.Seat.Limit, 1, MaxLimit).alias("MAX_CONNECTIONS").
			named("seat.limit", "3", "users inside the pool default at once; a limit set with `turnike pool set` wins"),
		duration(&c.Seat.Grace, 0, day).
			named("seat.grace", "15s", "a seat waits that long for a lost connection; 0 frees it at once"),
		duration(&c.Seat.ReclaimAfter, 0, day).
			named("seat.reclaim_after", "3s", "a waiting seat can be given to somebody else after that"),
		duration(&c.Seat.Handover, 0, day).
			named("seat.handover", "30s", "a seat waits that long for the session that replaced its holder"),
		duration(&c.Seat.BootGrace, 0, day).
			named("seat.boot_grace", "60s", "seats wait that long for their owners after a restart"),
		number(&c.Seat.ConnectionsPerSession, 0, 1000).
			named("seat.connections_per_session", "1", "open connections of one session; 0 is any number of tabs"),
	}
}

func (c *Config) presenceFields() []field {
	return []field{
		choice(&c.Presence.Visibility, session.VisibilityNames, session.VisibilityCount, session.VisibilityNone).
			named("presence.visibility", "names", "what users see of each other"),
		number(&c.Presence.NamesUpTo, 0, 1_000_000).
			named("presence.names_up_to", "5000", "a pool with more users inside shows only their number"),
	}
}

func (c *Config) socketIOFields() []field {
	return []field{
		duration(&c.SocketIO.PingInterval, 100*time.Millisecond, 5*time.Minute).
			named("socketio.ping_interval", "10s", "between two pings of the server"),
		duration(&c.SocketIO.PingTimeout, 100*time.Millisecond, 5*time.Minute).
			named("socketio.ping_timeout", "10s", "for the answer to a ping"),
		duration(&c.SocketIO.ConnectTimeout, 100*time.Millisecond, time.Minute).
			named("socketio.connect_timeout", "5s", "from the handshake to CONNECT"),
		duration(&c.SocketIO.RegisterTimeout, 100*time.Millisecond, 10*time.Minute).
			named("socketio.register_timeout", "10s", "from CONNECT to register_user"),
		number(&c.SocketIO.MaxPayload, 1<<10, 1<<20).
			named("socketio.max_payload", "65536", "bytes of one message"),
		list(&c.SocketIO.AllowedOrigins, exactOrigin).
			named("socketio.allowed_origins", "", "origins of other sites and of native apps that may connect, such as https://app.example.com or capacitor://localhost"),
		list(&c.SocketIO.Transports, oneOf("polling", "websocket")).
			named("socketio.transports", "polling,websocket", "how clients may connect"),
	}
}

func (c *Config) rateLimitFields() []field {
	return []field{
		boolean(&c.RateLimit.Enabled).
			named("ratelimit.enabled", "true", "false lifts every limit of this section: for benchmarks and tests"),
		number(&c.RateLimit.Connections, 0, 10_000_000).
			named("ratelimit.connections", "50000", "open connections of sockets in all; 0 is as many as the system's limit on files allows"),
		number(&c.RateLimit.UnverifiedPerAddress, 0, 1_000_000).
			named("ratelimit.unverified_per_address", "256", "of them, from one address (IPv6: /64) before their session is known; 0 is no limit"),
		number(&c.RateLimit.FailuresPerAddress, 0, 1_000_000).
			named("ratelimit.failures_per_address", "100", "connections of one address that end without a session, a second; five times as many at once"),
		number(&c.RateLimit.ConnectionsPerSession, 0, 10_000).
			named("ratelimit.connections_per_session", "5", "open connections of one session; those inside count as one"),
		number(&c.RateLimit.PollsPerConnection, 0, 100_000).
			named("ratelimit.polls_per_connection", "100", "polling requests of one connection, a second"),
		number(&c.RateLimit.EventsPerSocket, 0, 100_000).
			named("ratelimit.events_per_socket", "20", "events of one socket, a second; twice as many at once"),
		number(&c.RateLimit.EventsPerUser, 0, 1_000_000).
			named("ratelimit.events_per_user", "100", "events of all sockets of one user, a second; twice as many at once"),
		duration(&c.RateLimit.OnlineUsers, 0, time.Minute).
			named("ratelimit.online_users", "1s", "between two get_online_users of one socket"),
		number(&c.RateLimit.LoginAccount, 0, 1_000_000).
			named("ratelimit.login_account", "10", "wrong passwords of one account, or of one known device, before they have to wait; 0 is no limit"),
		number(&c.RateLimit.LoginTotal, 0, 1_000_000).
			named("ratelimit.login_total", "100", "wrong passwords of one account without a right one, from which on every wait is the longest"),
		number(&c.RateLimit.LoginNetwork, 0, 1_000_000).
			named("ratelimit.login_network", "100", "wrong passwords from one address (IPv6: /64); then as many in a window"),
		number(&c.RateLimit.LoginGlobal, 0, 10_000_000).
			named("ratelimit.login_global", "10000", "wrong passwords in all; then as many in a window"),
		duration(&c.RateLimit.LoginWindow, time.Second, day).
			named("ratelimit.login_window", "15m", "without a wrong password after which they are forgotten"),
		duration(&c.RateLimit.LoginBackoff, time.Second, day).
			named("ratelimit.login_backoff", "30s", "the first wait of an account; each is twice as long as the one before"),
		duration(&c.RateLimit.LoginBackoffMax, time.Second, day).
			named("ratelimit.login_backoff_max", "15m", "the longest wait of an account"),
	}
}

func (c *Config) passwordFields() []field {
	return []field{
		number(&c.Password.MinLength, account.FloorPassword, 128).
			named("password.min_length", "12", "characters of a new password; 15 is advised"),
		number(&c.Password.Memory, 7168, 131072).
			named("password.memory", "19456", "cost of new hashes: memory of argon2id, KiB"),
		number(&c.Password.Time, 1, 12).
			named("password.time", "2", "cost of new hashes: passes of argon2id"),
		number(&c.Password.Threads, 1, 16).
			named("password.threads", "1", "cost of new hashes: lanes of argon2id"),
		secretText(&c.Password.Pepper, pepper).
			named("password.pepper", "", "mixed into every hash; keep it, without it no password is ever right again"),
	}
}

func (c *Config) databaseFields() []field {
	return []field{
		str(&c.Database.URL, databaseURL).
			named("database.url", "sqlite:", "sqlite: is the file turnike.db in the data directory"),
	}
}

func (c *Config) logFields() []field {
	return []field{
		choice(&c.Log.Level, "debug", "info", "warn", "error").
			named("log.level", "info", "what is logged, on stderr"),
		choice(&c.Log.Format, FormatAuto, FormatJSON, FormatText).
			named("log.format", FormatAuto, "auto is text on a terminal and JSON lines elsewhere"),
		str(&c.Log.Access, accessLog).
			named("log.access", AccessOff, "a JSON line for each request: off, stderr or a file"),
	}
}

func (c *Config) metricsFields() []field {
	return []field{
		str(&c.Metrics.Listen, optional(listenAddress)).
			named("metrics.listen", "", "address that serves /metrics in plain HTTP, such as 127.0.0.1:9464; off when empty"),
		boolean(&c.Metrics.Pprof).
			named("metrics.pprof", "false", "profiles of the process under /debug/pprof, on metrics.listen alone"),
		secretText(&c.Metrics.Token, metricsToken).
			named("metrics.token", "", "bearer token that opens GET /metrics on the main address; 16 bytes at least"),
	}
}

func (c *Config) mailFields() []field {
	return []field{
		list(&c.Mail.To, mailbox).
			named("mail.to", "", "addresses that are alerted, such as owner@example.com; no mail is sent while there is none"),
		str(&c.Mail.From, optional(mailbox)).
			named("mail.from", "", "the sender of alerts, such as turnike@example.com"),
		str(&c.Mail.SMTP, optional(smtpAddress)).
			named("mail.smtp", "", "the SMTP server, host:port, such as smtp.example.com:587"),
		str(&c.Mail.Hello, optional(helloName)).
			named("mail.hello", "", "name that this server gives itself in EHLO; the host of server.public_url, else the host's name"),
		choice(&c.Mail.TLS, alert.StartTLS, alert.Implicit, alert.Plain).
			named("mail.tls", string(alert.StartTLS), "starttls sends nothing without it; implicit is for port 465; none is for this machine only"),
		str(&c.Mail.Username, accountName).named("mail.username", "", "the account at the SMTP server; none without one"),
		secretText(&c.Mail.Password, mailPassword).named("mail.password", "", "its password"),
		str(&c.Mail.CAFile, optional(fileName)).
			named("mail.ca_file", "", "authorities that the SMTP server's certificate may be from, PEM, instead of the system's"),
		choice(&c.Mail.Language, web.Languages()...).named("mail.language", web.Languages()[0], "of the mails"),
		number(&c.Mail.FailedLogins, 0, 1_000_000).
			named("mail.failed_logins", "50", "failed logins within 15 minutes that are worth a mail; 0 never are"),
	}
}

func (c *Config) auditFields() []field {
	return []field{
		duration(&c.Audit.Retention, day, 4000*day).
			named("audit.retention", "400d", "how long the audit trail is kept"),
		duration(&c.Audit.FailedLoginRetention, day, 4000*day).
			named("audit.failed_login_retention", "30d", "how long failed logins are kept in it"),
	}
}
