package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// validate refuses values that are right alone and unsafe or useless together.
func (c *Config) validate() error {
	switch {
	case c.TLS.Mode == TLSOff && !loopback(c.Server.Listen) && !strings.HasPrefix(c.Server.PublicURL, "https://"):
		return fmt.Errorf(`tls.mode: "off" would send passwords in the clear on %s; use "auto", listen on 127.0.0.1, or set server.public_url to the https address of the proxy in front`, c.Server.Listen)
	case c.TLS.Mode == TLSFiles && c.TLS.CertFile == "":
		return fmt.Errorf(`tls.cert_file: tls.mode is "files" and there is no certificate; name its PEM file`)
	case c.TLS.Mode == TLSFiles && c.TLS.KeyFile == "":
		return fmt.Errorf(`tls.key_file: tls.mode is "files" and there is no key; name its PEM file`)
	case c.TLS.Mode != TLSFiles && c.TLS.CertFile != "":
		return fmt.Errorf(`tls.cert_file: it is not used while tls.mode is %q; set tls.mode to "files" or remove it`, c.TLS.Mode)
	case c.TLS.Mode != TLSFiles && c.TLS.KeyFile != "":
		return fmt.Errorf(`tls.key_file: it is not used while tls.mode is %q; set tls.mode to "files" or remove it`, c.TLS.Mode)
	case c.Metrics.Pprof && c.Metrics.Listen == "":
		return fmt.Errorf(`metrics.pprof: profiles are served on metrics.listen alone, and it is not set; set it, say to "127.0.0.1:9464", or remove metrics.pprof`)
	case c.RateLimit.LoginBackoffMax < c.RateLimit.LoginBackoff:
		return fmt.Errorf("ratelimit.login_backoff_max: it is shorter than ratelimit.login_backoff; make it at least %s", formatSpan(c.RateLimit.LoginBackoff))
	case len(c.SocketIO.Transports) == 0:
		return fmt.Errorf(`socketio.transports: nobody could connect; name "polling", "websocket" or both`)
	}
	if err := c.Password.parameters().Check(); err != nil {
		return fmt.Errorf("password.memory, password.time, password.threads: %w; remove them to have the defaults", err)
	}
	c.advise()
	return nil
}

// advise warns of what is allowed.
func (c *Config) advise() {
	if info, err := os.Stat(c.TLS.KeyFile); err == nil && secretfile.TooOpen(info) {
		c.warn("tls.key_file: others can use %s, chmod 600 it", c.TLS.KeyFile) // [SEC-55]
	}
	if c.Metrics.Listen != "" && !loopback(c.Metrics.Listen) {
		c.warn("metrics.listen: whoever reaches %s reads the metrics in plain HTTP; listen on 127.0.0.1, or let a firewall decide", c.Metrics.Listen)
	}
	if !c.RateLimit.Enabled {
		c.warn("ratelimit.enabled: false leaves passwords to be guessed and the server to be flooded; it is for benchmarks and tests")
	}
}
