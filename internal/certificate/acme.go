package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// acmeProtocol is the ALPN protocol with which the authority checks that the name
// is ours (RFC 8737).
const acmeProtocol = "acme-tls/1"

// Authority says where certificates come from, and how the authority can check that
// the name is ours.
type Authority struct {
	Directory  string         // its URL (RFC 8555, section 7.1.1)
	Email      string         // for warnings of the authority; may be empty
	Roots      *x509.CertPool // that verify its server; nil for the system's
	TLSPort    int            // where this server listens, for TLS-ALPN-01
	HTTPListen string         // host:port for HTTP-01, open only while needed; empty for none
}

// ACME returns a Source whose certificate for name comes from an authority on the
// network, whose terms the operator has accepted. It stores the certificate in the
// directory dir, which it creates. Until the first certificate exists, all
// handshakes fail except those of the authority. Start uses the certificate of the
// last run or requests one, and renews it when a third of its life is left. Results
// go to log.
func ACME(dir, name string, from Authority, log *slog.Logger) (*Source, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory for certificates: %w", err)
	}
	names, _, err := parseHosts([]string{name})
	if err != nil || len(names) != 1 {
		return nil, unusable("%.260q is no name that an authority would put on a certificate", name)
	}
	issuer, err := from.issuer()
	if err != nil {
		return nil, err
	}
	a := &acme{name: names[0], store: &certmagic.FileStorage{Path: dir}, log: log}
	library := zap.New(relay{log.Handler()})
	a.cache = certmagic.NewCache(certmagic.CacheOptions{Logger: library,
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.config, nil }})
	a.config = certmagic.New(a.cache, certmagic.Config{Storage: a.store, Logger: library,
		OCSP: certmagic.OCSPConfig{DisableStapling: true}, OnEvent: a.note})
	issuer.Logger = library
	maker := certmagic.NewACMEIssuer(a.config, issuer)
	a.config.Issuers, a.issuer = []certmagic.Issuer{maker}, maker.IssuerKey()
	source, err := newSource(a, nil)
	if err != nil {
		return nil, err
	}
	source.network = a
	return source, nil
}

// issuer returns the library's form of the authority.
func (from Authority) issuer() (certmagic.ACMEIssuer, error) {
	issuer := certmagic.ACMEIssuer{CA: from.Directory, Email: from.Email, Agreed: true, TrustedRoots: from.Roots,
		AltTLSALPNPort: from.TLSPort, DisableHTTPChallenge: from.HTTPListen == "", DisableDistributedSolvers: true}
	if from.HTTPListen == "" {
		return issuer, nil
	}
	host, port, err := net.SplitHostPort(from.HTTPListen)
	if err != nil {
		return issuer, err
	}
	issuer.ListenHost = host
	issuer.AltHTTPPort, err = strconv.Atoi(port)
	return issuer, err
}

// acme is the maker of a Source by ACME.
type acme struct {
	name   string
	issuer string // the library's name for the authority's storage
	store  certmagic.Storage
	config *certmagic.Config
	cache  *certmagic.Cache
	log    *slog.Logger
}

// refresh returns the certificate that the library has now, none before the first
// one.
func (a *acme) refresh(_ time.Time, current *held) (*held, error) {
	var newest *certmagic.Certificate
	for _, c := range a.cache.AllMatchingCertificates(a.name) {
		if newest == nil || c.Leaf.NotAfter.After(newest.Leaf.NotAfter) {
			newest = &c
		}
	}
	switch {
	case newest == nil && current == nil:
		if stored, ok := a.stored(); ok { // of the last run: Start renews it if it is due
			return hold(stored), nil
		}
		return &held{names: []string{a.name}}, nil
	case newest == nil || current != nil && current.Leaf != nil && current.Leaf.Equal(newest.Leaf):
		return current, nil
	}
	return hold(newest.Certificate), nil
}

// start uses the stored certificate, requests one if there is none or it is due, and
// renews it until ctx is done. It is called when the server listens already:
// otherwise the library would listen on the server's port.
func (a *acme) start(ctx context.Context) error {
	context.AfterFunc(ctx, a.cache.Stop)
	if err := a.config.ManageAsync(ctx, []string{a.name}); err != nil {
		return fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	return nil
}

// answer returns the certificate for the authority's check.
func (a *acme) answer(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.config.GetCertificate(hello)
}

// note logs the result of a request for a certificate.
func (a *acme) note(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cert_obtained":
		a.log.Info("certificate obtained", "name", data["identifier"], "renewal", data["renewal"], "issuer", data["issuer"])
	case "cert_failed":
		a.log.Error("no certificate obtained; it is tried again", "name", data["identifier"], "renewal", data["renewal"], "error", data["error"])
	}
	return nil
}

// stored returns the certificate of the last run. If it is missing or broken, a new
// one is requested.
func (a *acme) stored() (tls.Certificate, bool) {
	chain, err := a.store.Load(context.Background(), certmagic.StorageKeys.SiteCert(a.issuer, a.name))
	if err != nil {
		return tls.Certificate{}, false
	}
	key, err := a.store.Load(context.Background(), certmagic.StorageKeys.SitePrivateKey(a.issuer, a.name))
	if err != nil {
		return tls.Certificate{}, false
	}
	pair, err := tls.X509KeyPair(chain, key)
	return pair, err == nil
}

// StoredACME returns the certificate that ACME stores in dir, in DER, so that a
// caller can check whether a server shows it.
func StoredACME(dir, name string, from Authority) ([]byte, error) {
	a := &acme{name: name, issuer: (&certmagic.ACMEIssuer{CA: from.Directory}).IssuerKey(), store: &certmagic.FileStorage{Path: dir}}
	pair, ok := a.stored()
	if !ok {
		return nil, unusable("there is none for %s in %s yet", name, dir)
	}
	return pair.Certificate[0], nil
}
