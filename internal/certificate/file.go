package certificate

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Files gives a Source that reads a certificate chain and its key, in PEM, and
// reads them again when one of the files changes. Certificate and key may be
// replaced one after the other: until they belong together the old pair stays
// in use, and failed hears of it.
func Files(certFile, keyFile string, failed func(error)) (*Source, error) {
	return newSource(&files{cert: certFile, key: keyFile}, failed)
}

// files is the maker behind Files.
type files struct {
	cert, key         string
	certInfo, keyInfo fs.FileInfo // of what was read last
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
	// After a failure the files count as unread, so it is tried again.
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("%w: tls.cert_file %s with tls.key_file %s: %w", ErrCertificate, f.cert, f.key, err)
	}
	f.certInfo, f.keyInfo = certInfo, keyInfo
	return hold(pair), nil
}

// same tells whether nothing was written to a file, or put in its place, since
// before.
func same(now, before fs.FileInfo) bool {
	return now.ModTime().Equal(before.ModTime()) && now.Size() == before.Size() && os.SameFile(now, before)
}
