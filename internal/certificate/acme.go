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

// acmeProtocol is what the authority speaks when it looks whether the name is
// ours (RFC 8737).
const acmeProtocol = "acme-tls/1"

// Authority says where certificates come from, and how it can see that the name
// is ours.
type Authority struct {
	Directory  string         // its URL (RFC 8555, section 7.1.1)
	Email      string         // for its warnings; may be empty
	Roots      *x509.CertPool // to trust it by; nil for the system's
	TLSPort    int            // where this server listens, for TLS-ALPN-01
	HTTPListen string         // host:port for HTTP-01, open while it is needed; empty for none
}

// ACME gives a Source whose certificate for name comes from an authority on the
// network, whose terms the operator has accepted, and is kept in the directory
// dir, which it makes. Before the first one is there handshakes fail, but those
// of the authority. Start takes the one of the last run, or begins to ask for
// one, and renews it when a third of its life is left; log hears of it.
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

// issuer is the authority as the library knows it.
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

// acme is the maker behind ACME.
type acme struct {
	name   string
	issuer string // under which the library keeps what it has given
	store  certmagic.Storage
	config *certmagic.Config
	cache  *certmagic.Cache
	log    *slog.Logger
}

// refresh gives what the library holds by now; nothing at all before the first
// certificate.
func (a *acme) refresh(_ time.Time, current *held) (*held, error) {
	var newest *certmagic.Certificate
	for _, c := range a.cache.AllMatchingCertificates(a.name) {
		if newest == nil || c.Leaf.NotAfter.After(newest.Leaf.NotAfter) {
			newest = &c
		}
	}
	switch {
	case newest == nil && current == nil:
		if stored, ok := a.stored(); ok { // of the last run: Start sees to it where it is due
			return hold(stored), nil
		}
		return &held{names: []string{a.name}}, nil
	case newest == nil || current != nil && current.Leaf != nil && current.Leaf.Equal(newest.Leaf):
		return current, nil
	}
	return hold(newest.Certificate), nil
}

// start takes the stored certificate, asks for one where there is none or it is
// due, and renews it, until ctx is done. It is called when the server listens:
// the library would take its port.
func (a *acme) start(ctx context.Context) error {
	context.AfterFunc(ctx, a.cache.Stop)
	if err := a.config.ManageAsync(ctx, []string{a.name}); err != nil {
		return fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	return nil
}

// answer is the certificate that only the authority asks for.
func (a *acme) answer(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.config.GetCertificate(hello)
}

// note tells what became of a request for a certificate.
func (a *acme) note(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cert_obtained":
		a.log.Info("certificate obtained", "name", data["identifier"], "renewal", data["renewal"], "issuer", data["issuer"])
	case "cert_failed":
		a.log.Error("no certificate obtained; it is tried again", "name", data["identifier"], "renewal", data["renewal"], "error", data["error"])
	}
	return nil
}

// stored gives the certificate of the last run. One that is missing or broken is
// simply asked for again.
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

// StoredACME gives the certificate that ACME keeps in dir, as it goes over the
// wire, for who wants to know whether a server shows it.
func StoredACME(dir, name string, from Authority) ([]byte, error) {
	a := &acme{name: name, issuer: (&certmagic.ACMEIssuer{CA: from.Directory}).IssuerKey(), store: &certmagic.FileStorage{Path: dir}}
	pair, ok := a.stored()
	if !ok {
		return nil, unusable("there is none for %s in %s yet", name, dir)
	}
	return pair.Certificate[0], nil
}
