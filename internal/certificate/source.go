package certificate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// ErrCertificate says that a certificate or key cannot be used. The error that wraps
// it says which one and what to do.
var ErrCertificate = errors.New("unusable certificate")

// checkInterval is how often handshakes check for a change.
const checkInterval = time.Second

// Source has the certificate of the server. Local, Files and ACME create one. It may
// be used by several goroutines.
type Source struct {
	maker   maker
	network network     // nil without an authority on the network
	failed  func(error) // called with the reason when a renewal fails
	started time.Time

	current   atomic.Pointer[held]
	nextCheck atomic.Int64 // time.Duration since started

	turn    chan struct{} // of one: whoever put it in may ask the maker and use failure
	failure string        // the last one, so that each is reported once
}

// maker returns a new certificate if the one in use has to be replaced.
type maker interface {
	refresh(now time.Time, current *held) (*held, error)
}

// network is a maker that requests certificates, and answers the authority's check.
type network interface {
	start(ctx context.Context) error
	answer(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
}

// held is the certificate in use. Before the first one it has only the names.
type held struct {
	tls.Certificate
	names []string
}

// newSource returns a Source. The maker must have the first certificate already.
func newSource(m maker, failed func(error)) (*Source, error) {
	s := &Source{maker: m, failed: failed, started: time.Now(), turn: make(chan struct{}, 1)}
	first, err := m.refresh(s.started, nil)
	if err != nil {
		return nil, err
	}
	s.current.Store(first)
	s.nextCheck.Store(int64(checkInterval))
	return s, nil
}

// Start starts to request and renew the certificate if it comes from the network,
// until ctx is done. The server must listen already, but need not accept yet.
func (s *Source) Start(ctx context.Context) error {
	if s.network == nil {
		return nil
	}
	return s.network.start(ctx)
}

// errNone fails handshakes before the first certificate.
var errNone = errors.New("there is no certificate yet")

// Get is a tls.Config.GetCertificate. It fails only before the first certificate from
// an authority on the network.
func (s *Source) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if s.network != nil && slices.Contains(hello.SupportedProtos, acmeProtocol) {
		return s.network.answer(hello)
	}
	s.check()
	current := s.current.Load()
	if current.Leaf == nil {
		return nil, errNone
	}
	return &current.Certificate, nil
}

// suites returns the suites for TLS 1.2, with forward secrecy and authenticated
// encryption. No browser that we support needs the CBC suites that Go still has.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// Config returns the configuration of a listener: at least TLS 1.2, only suites with
// forward secrecy and authenticated encryption, groups with the hybrid key exchange
// X25519MLKEM768, session tickets with rotating keys, and HTTP/2 [SEC-53]. After use
// it must be cloned, not changed.
func (s *Source) Config() *tls.Config {
	config := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		CipherSuites:   suites,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: s.Get,
	}
	if s.network != nil {
		config.NextProtos = append(config.NextProtos, acmeProtocol)
	}
	return config
}

// Names returns the host names and addresses in the certificate, in lower case and
// without brackets. Callers must not change the slice.
func (s *Source) Names() []string { return s.current.Load().names }

// Covers reports whether the certificate is valid for a host, by one of its names or
// by a wildcard (RFC 9525, section 6.3).
func (s *Source) Covers(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	names := s.Names()
	if slices.Contains(names, host) {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	label, domain, found := strings.Cut(host, ".")
	return found && label != "" && slices.Contains(names, "*."+domain)
}

// NotAfter returns when the certificate expires, zero before the first one.
func (s *Source) NotAfter() time.Time {
	if leaf := s.current.Load().Leaf; leaf != nil {
		return leaf.NotAfter
	}
	return time.Time{}
}

// Reload checks for a change now, for example at SIGHUP. If it fails, the present
// certificate stays in use.
func (s *Source) Reload() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	return s.refresh()
}

// check checks for a change, unless that was done within checkInterval or is being
// done.
func (s *Source) check() {
	elapsed := int64(time.Since(s.started))
	next := s.nextCheck.Load()
	if elapsed < next || !s.nextCheck.CompareAndSwap(next, elapsed+int64(checkInterval)) {
		return
	}
	if news := s.tryReload(); news != nil && s.failed != nil {
		s.failed(news)
	}
}

// tryReload checks for a change unless another goroutine does. It returns a failure
// that was not reported before.
func (s *Source) tryReload() error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	default:
		return nil
	}
	var text string
	err := s.refresh()
	if err != nil {
		text = err.Error()
	}
	if text == s.failure {
		return nil
	}
	s.failure = text
	return err
}

// refresh asks the maker. Callers must have the turn.
func (s *Source) refresh() error {
	next, err := s.maker.refresh(time.Now(), s.current.Load())
	if err == nil {
		s.current.Store(next)
	}
	return err
}

// hold makes a certificate ready for use.
func hold(certificate tls.Certificate) *held {
	h := &held{Certificate: certificate}
	for _, name := range certificate.Leaf.DNSNames {
		h.names = append(h.names, strings.TrimSuffix(strings.ToLower(name), "."))
	}
	for _, ip := range certificate.Leaf.IPAddresses {
		if address, ok := netip.AddrFromSlice(ip); ok {
			h.names = append(h.names, address.Unmap().String())
		}
	}
	return h
}

func unusable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCertificate, fmt.Sprintf(format, args...))
}
