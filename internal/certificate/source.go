package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Source is where a listener's certificate comes from.
type Source struct {
	current atomic.Pointer[tls.Certificate] // its Leaf is set
	checked atomic.Int64                    // when freshness was looked at last, Unix seconds
	refresh func(old *tls.Certificate) (*tls.Certificate, error)
	failed  func(error) // hears why a refresh did not work
	mu      sync.Mutex  // one refresh at a time
}

// refreshInterval is how many seconds a handshake at least waits after the last
// look for something newer.
const refreshInterval = 1

// newSource asks refresh for the first certificate; later refreshes that fail
// keep the old one and are told to failed.
func newSource(refresh func(*tls.Certificate) (*tls.Certificate, error), failed func(error)) (*Source, error) {
	s := &Source{refresh: refresh, failed: failed}
	c, err := refresh(nil)
	if err != nil {
		return nil, err
	}
	s.current.Store(c)
	s.checked.Store(time.Now().Unix())
	return s, nil
}

// Get is for tls.Config.GetCertificate.
func (s *Source) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	now, last := time.Now().Unix(), s.checked.Load()
	if now-last >= refreshInterval && s.checked.CompareAndSwap(last, now) {
		if err := s.Reload(); err != nil {
			s.failed(err)
		}
	}
	return s.current.Load(), nil
}

// Reload looks for a newer certificate now. On an error the old one stays.
func (s *Source) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.current.Load()
	c, err := s.refresh(old)
	if err != nil {
		return err
	}
	s.current.Store(c)
	return nil
}

// Names are the DNS names and addresses on the certificate.
func (s *Source) Names() []string {
	leaf := s.current.Load().Leaf
	names := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// NotAfter is when the certificate expires.
func (s *Source) NotAfter() time.Time { return s.current.Load().Leaf.NotAfter }

// Config is a TLS configuration for servers [SEC-53]: TLS 1.2 at least, suites
// with forward secrecy and the post-quantum exchange as Go chooses them, and
// ticket keys that Go rotates daily.
func (s *Source) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: s.Get,
		NextProtos:     []string{"h2", "http/1.1"},
	}
}

// withLeaf parses the first certificate of the chain.
func withLeaf(c tls.Certificate) (*tls.Certificate, error) {
	if c.Leaf == nil {
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		c.Leaf = leaf
	}
	return &c, nil
}
