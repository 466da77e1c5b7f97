package certificate

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Files returns a Source that reads a certificate chain and its key, in PEM, and
// reads them again when one of the files changes. They may be replaced one after
// the other: until they match, the old pair stays in use, and failed is called.
func Files(certFile, keyFile string, failed func(error)) (*Source, error) {
	return newSource(&files{cert: certFile, key: keyFile}, failed)
}

// files is the maker of a Source by Files.
type files struct {
	cert, key         string
	certInfo, keyInfo fs.FileInfo // of the files that were read last
}

func (f *files) refresh(_ time.Time, current *held) (*held, error) {
	certInfo, err := os.Stat(f.cert)
	if err != nil {
		return nil, fmt.Errorf("%w: tls.cert_file: %w", ErrCertificate, err)
	}
	keyInfo, err := os.Stat(f.key)
	if err != nil {
		return nil, fmt.Errorf("%w: tls.key_file: %w", ErrCertificate, err)
	}
	if current != nil && same(certInfo, f.certInfo) && same(keyInfo, f.keyInfo) {
		return current, nil
	}
	// After a failure the files count as changed, so the next check tries again.
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("%w: tls.cert_file %s with tls.key_file %s: %w", ErrCertificate, f.cert, f.key, err)
	}
	f.certInfo, f.keyInfo = certInfo, keyInfo
	return hold(pair), nil
}

// same reports whether the file is neither changed nor replaced since before.
func same(now, before fs.FileInfo) bool {
	return now.ModTime().Equal(before.ModTime()) && now.Size() == before.Size() && os.SameFile(now, before)
}
