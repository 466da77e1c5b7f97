package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/secret"
	"github.com/turnike/turnike/internal/token"
)

// optional allows an empty text, which means not set.
func optional(check func(string) (string, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		if s == "" {
			return "", nil
		}
		return check(s)
	}
}

// listenAddress checks host:port; the host is an address, a name or empty.
func listenAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf(`%s is not host:port: write one such as ":5000" or "127.0.0.1:5000"`, input.Quote(s))
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("%s is not a port from 0 to 65535", input.Quote(port))
	}
	if strings.ContainsAny(host, " /@\t\r\n") {
		return "", fmt.Errorf("%s is not a host", input.Quote(host))
	}
	return s, nil
}

// loopback reports whether only this machine can reach a listener at the address.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && loopbackHost(host)
}

// loopbackHost reports whether a host is this machine.
func loopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// publicURL checks the origin that users open. Without TLS it must be this machine,
// because browsers send the session cookie only to secure origins.
func publicURL(s string) (string, error) {
	o, err := exactOrigin(s)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(o)
	if err != nil {
		return "", err
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("%s is not an address of the web: write one such as %q", input.Quote(s), "https://app.example.com")
	}
	if u.Scheme == "http" && !loopbackHost(u.Hostname()) {
		return "", fmt.Errorf("%s would send passwords in the clear: write https://", input.Quote(s))
	}
	return o, nil
}

// exactOrigin checks scheme://host[:port] and nothing more [SEC-32]. It returns the
// form that browsers send: lower case, without the scheme's default port. Native
// apps have their own schemes, such as capacitor://localhost.
func exactOrigin(s string) (string, error) {
	invalid := fmt.Errorf("%s is not an origin: write one such as %q", input.Quote(s), "https://app.example.com")
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(s, "#") {
		return "", invalid
	}
	if u.Scheme == "" || u.Path != "" && u.Path != "/" || strings.Contains(u.Host, "*") {
		return "", invalid
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if _, err := strconv.ParseUint(port, 10, 16); port != "" && err != nil || host == "" || strings.HasSuffix(u.Host, ":") {
		return "", invalid
	}
	if port == "" || port == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return u.Scheme + "://" + host, nil
	}
	return u.Scheme + "://" + net.JoinHostPort(host, port), nil
}

// proxyNetwork checks a network in CIDR form. A network of all addresses is refused:
// it would let every client spoof its address [SEC-47].
func proxyNetwork(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.Prefix{}, fmt.Errorf("%s is an address: write the network %q", input.Quote(s), netip.PrefixFrom(addr.WithZone(""), addr.BitLen()))
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("%s is not a network: write one such as %q", input.Quote(s), "10.0.0.0/8")
	case p.Bits() == 0:
		return netip.Prefix{}, fmt.Errorf("%s would trust every client: name the networks of your proxies", input.Quote(s))
	case p != p.Masked():
		return netip.Prefix{}, fmt.Errorf("%s has bits outside its mask: write %q", input.Quote(s), p.Masked())
	}
	return p, nil
}

// basePath checks an absolute path. It refuses every character that a proxy or
// browser could interpret differently [SEC-49]; "/" means no base path.
func basePath(s string) (string, error) {
	invalid := fmt.Errorf(`%s is not a base path: write one such as "/turnike", of letters, digits and - . _ ~`, input.Quote(s))
	trimmed := strings.TrimSuffix(s, "/")
	if s == "/" {
		return "", nil
	}
	if !strings.HasPrefix(s, "/") || len(s) > 200 {
		return "", invalid
	}
	for segment := range strings.SplitSeq(trimmed[1:], "/") {
		strange := func(c rune) bool {
			return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~", c)
		}
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, strange) {
			return "", invalid
		}
	}
	return trimmed, nil
}

// fileName checks the name of a file.
func fileName(s string) (string, error) {
	if strings.ContainsAny(s, "\x00\r\n") {
		return "", fmt.Errorf("%s is not the name of a file", input.Quote(s))
	}
	return s, nil
}

// accessLog checks the destination of the access log.
func accessLog(s string) (string, error) {
	if s == "" {
		return "", errors.New(`it is empty: write "off", "stderr" or the name of a file`)
	}
	return fileName(s)
}

// oneOf returns a check for one of a few words.
func oneOf(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("%s is not one of %s", input.Quote(s), input.Enumerate(words))
		}
		return s, nil
	}
}

// databaseURL checks the URL of the store. Only SQLite is built.
func databaseURL(s string) (string, error) {
	switch {
	case s == "sqlite:":
		return s, nil
	case strings.HasPrefix(s, "postgres:"), strings.HasPrefix(s, "postgresql:"):
		return "", errors.New(`PostgreSQL is not built yet: use "sqlite:"`) // the URL may have a password in it
	}
	return "", errors.New(`use "sqlite:", the file in the data directory`)
}

// metricsToken refuses a token that can be guessed.
func metricsToken(s string) error {
	const least = 16
	switch {
	case len(s) < least:
		return fmt.Errorf("it has %d bytes: use %d random ones or more", len(s), least)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("it does not fit into a header: use letters and digits")
	}
	return nil
}

// minPepper is the smallest length of a pepper in bytes.
const minPepper = 16

func pepper(s string) error {
	if len(s) < minPepper {
		return fmt.Errorf("it has %d bytes: use %d random ones or more", len(s), minPepper)
	}
	return nil
}

// directoryURL checks the directory URL of an ACME CA (RFC 8555, section 7.1.1).
func directoryURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", fmt.Errorf("%s is not the address of a directory: write one such as %q", input.Quote(s), letsEncrypt)
	}
	return s, nil
}

// mailAddress checks a single mail address without a name.
func mailAddress(s string) (string, error) {
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
		return "", fmt.Errorf("%s is not a mail address", input.Quote(s))
	}
	return s, nil
}

// tokenSecret refuses a secret that can be guessed [SEC-12].
func tokenSecret(s string) error {
	_, err := token.NewSecretKey(secret.New(s))
	return err
}
