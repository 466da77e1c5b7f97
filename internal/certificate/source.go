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

// ErrCertificate is for a certificate or key that cannot be used; the error
// that wraps it says which and what to do.
var ErrCertificate = errors.New("unusable certificate")

// checkInterval is how often handshakes look for a change.
const checkInterval = time.Second

// Source gives the certificate of the server. Make one with Local, Files or
// ACME. It is safe for use by several goroutines.
type Source struct {
	maker   maker
	network network     // nil where nobody has to be asked
	failed  func(error) // hears why a renewal did not work
	started time.Time

	current   atomic.Pointer[held]
	nextCheck atomic.Int64 // time.Duration since started

	turn    chan struct{} // of one: whoever put it in may ask the maker and use failure
	failure string        // the last one, to tell each only once
}

// maker finds out whether the certificate in use is still the right one, and
// otherwise gives another.
type maker interface {
	refresh(now time.Time, current *held) (*held, error)
}

// network is a maker that asks others, and what they ask in return.
type network interface {
	start(ctx context.Context) error
	answer(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
}

// held is a certificate in use; without one it has the names alone.
type held struct {
	tls.Certificate
	names []string
}

// newSource makes a Source whose first certificate has to be there.
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

// Start begins to ask for a certificate where one comes over the network, and
// goes on until ctx is done. The server has to listen already, and need not
// accept yet.
func (s *Source) Start(ctx context.Context) error {
	if s.network == nil {
		return nil
	}
	return s.network.start(ctx)
}

// errNone is for a handshake before the first certificate has come.
var errNone = errors.New("there is no certificate yet")

// Get is for tls.Config.GetCertificate. It fails only before an authority on the
// network has given the first certificate.
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

// suites are those of TLS 1.2: forward secrecy and authenticated encryption. The
// CBC ones that Go still has are for clients that no browser of ours is.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// Config gives the configuration of a listener: TLS 1.2 at least, suites with
// forward secrecy and authenticated encryption only, the hybrid key exchange
// X25519MLKEM768 among the groups, session tickets whose keys rotate, and
// HTTP/2 [SEC-53]. Clone it rather than change it after use.
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

// Names gives the host names and addresses on the certificate, in lower case
// and without brackets. The slice is shared and not to be changed.
func (s *Source) Names() []string { return s.current.Load().names }

// Covers tells whether the certificate is good for a host: one of its names,
// or a name that a wildcard on it stands for (RFC 9525, section 6.3).
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

// NotAfter gives the time when the certificate expires; zero before the first
// one.
func (s *Source) NotAfter() time.Time {
	if leaf := s.current.Load().Leaf; leaf != nil {
		return leaf.NotAfter
	}
	return time.Time{}
}

// Reload looks for a change now, as on SIGHUP. When it fails, the certificate
// that is there stays in use.
func (s *Source) Reload() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	return s.refresh()
}

// check looks for a change, if that was not done in this second and is not
// being done.
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

// tryReload looks for a change unless another does so. It gives a failure that
// was not told before.
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

// refresh asks the maker; it is the caller's turn.
func (s *Source) refresh() error {
	next, err := s.maker.refresh(time.Now(), s.current.Load())
	if err == nil {
		s.current.Store(next)
	}
	return err
}

// hold prepares a certificate for use.
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
