package config

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/secret/secretfile"
	"github.com/turnike/turnike/internal/token/keyfile"
)

// validate refuses values that are valid alone but unsafe or useless together.
func (c *Config) validate() error {
	if err := c.CheckTLS(); err != nil {
		return err
	}
	switch {
	case c.TLS.Mode == TLSFiles && c.TLS.CertFile == "":
		return fmt.Errorf(`tls.cert_file: tls.mode is "files" and there is no certificate; name its PEM file`)
	case c.TLS.Mode == TLSFiles && c.TLS.KeyFile == "":
		return fmt.Errorf(`tls.key_file: tls.mode is "files" and there is no key; name its PEM file`)
	case c.TLS.Mode != TLSFiles && c.TLS.CertFile != "":
		return fmt.Errorf(`tls.cert_file: it is not used while tls.mode is %q; set tls.mode to "files" or remove it`, c.TLS.Mode)
	case c.TLS.Mode != TLSFiles && c.TLS.KeyFile != "":
		return fmt.Errorf(`tls.key_file: it is not used while tls.mode is %q; set tls.mode to "files" or remove it`, c.TLS.Mode)
	case c.Server.ProxyProtocol && len(c.Server.TrustedProxies) == 0: // [SEC-47]
		return fmt.Errorf(`server.proxy_protocol: no client could connect; name the networks of your proxies in server.trusted_proxies`)
	case c.Metrics.Pprof && c.Metrics.Listen == "":
		return fmt.Errorf(`metrics.pprof: profiles are served on metrics.listen alone, and it is not set; set it, say to "127.0.0.1:9464", or remove metrics.pprof`)
	case c.Token.SecretPrevious.IsSet() && !c.Token.Secret.IsSet():
		return fmt.Errorf(`token.secret_previous: it is not used without token.secret; set that or remove this`)
	case c.Token.SecretPrevious.IsSet() && c.Token.SecretPrevious.Reveal() == c.Token.Secret.Reveal():
		return fmt.Errorf(`token.secret_previous: it is the same as token.secret; give token.secret a new value or remove this`)
	case c.RateLimit.LoginBackoffMax < c.RateLimit.LoginBackoff:
		return fmt.Errorf("ratelimit.login_backoff_max: it is shorter than ratelimit.login_backoff; make it at least %s", FormatDuration(c.RateLimit.LoginBackoff))
	case len(c.SocketIO.Transports) == 0:
		return fmt.Errorf(`socketio.transports: no client could connect; name "polling", "websocket" or both`)
	}
	if err := c.validateACME(); err != nil {
		return err
	}
	if err := c.Mail.validate(); err != nil {
		return err
	}
	if err := c.Password.Parameters().Check(); err != nil {
		return fmt.Errorf("password.memory, password.time, password.threads: %w; remove them to have the defaults", err)
	}
	c.advise()
	return nil
}

// validateACME checks what a CA on the network needs: a name that it can reach, and
// the operator's consent to its terms.
func (c *Config) validateACME() error {
	t, public := c.TLS, c.PublicAddress()
	if t.Mode != TLSACME {
		for _, k := range []struct {
			key string
			set bool
		}{{"agree", t.ACMEAgree}, {"email", t.ACMEEmail != ""}, {"ca_file", t.ACMECAFile != ""}} {
			if k.set {
				return fmt.Errorf(`tls.acme_%s: it is not used while tls.mode is %q; set tls.mode to "acme" or remove it`, k.key, t.Mode)
			}
		}
		return nil
	}
	switch {
	case public == nil || public.Scheme != "https":
		return fmt.Errorf(`server.public_url: tls.mode is "acme" and there is no name for the certificate; set it to the https address that users type`)
	case loopbackHost(public.Hostname()) || net.ParseIP(public.Hostname()) != nil:
		return fmt.Errorf(`server.public_url: no authority gives a certificate for %s; set it to a name, or tls.mode to "auto"`, input.Quote(public.Hostname()))
	case !t.ACMEAgree:
		return fmt.Errorf(`tls.acme_agree: read the terms of service of %s, then set it to true`, t.ACMEDirectory)
	}
	return nil
}

// CheckTLS refuses plain HTTP where other machines can reach it.
func (c *Config) CheckTLS() error {
	if c.TLS.Mode == TLSOff && !loopback(c.Server.Listen) && !strings.HasPrefix(c.Server.PublicURL, "https://") {
		return fmt.Errorf(`tls.mode: "off" would send passwords in the clear on %s; use "auto", listen on 127.0.0.1, or set server.public_url to the https address of the proxy in front`, c.Server.Listen)
	}
	return nil
}

// advise warns of settings that are allowed but unsafe.
func (c *Config) advise() {
	if TooOpen(c.TLS.KeyFile) {
		c.Warn("tls.key_file: others can use %s, chmod 600 it", c.TLS.KeyFile) // [SEC-55]
	}
	if c.Metrics.Listen != "" && !loopback(c.Metrics.Listen) {
		c.Warn("metrics.listen: whoever reaches %s reads the metrics in plain HTTP; listen on 127.0.0.1, or let a firewall decide", c.Metrics.Listen)
	}
	c.adviseMail()
	for _, name := range []string{keyfile.Name, "turnike.db", "tls/ca.key", "tls/server.pem"} {
		if file := filepath.Join(c.Data, name); TooOpen(file) {
			c.Warn("%s: others can use it, chmod 600 it", file) // [SEC-55]
		}
	}
	if !c.RateLimit.Enabled {
		c.Warn("ratelimit.enabled: false leaves passwords to be guessed and the server to be flooded; it is for benchmarks and tests")
	}
}

// TooOpen reports whether the file exists with permissions wider than 0640.
func TooOpen(file string) bool {
	info, err := os.Stat(file)
	return err == nil && secretfile.TooOpen(info)
}
