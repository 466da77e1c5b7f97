package certificate

import (
	"crypto/tls"
	"fmt"
	"os"
	"time"
)

// Files serves the operator's certificate and reads it again when one of the
// files has changed. failed hears of a changed pair that cannot be used; the old
// one stays.
func Files(certFile, keyFile string, failed func(error)) (*Source, error) {
	var seen [2]time.Time
	return newSource(func(old *tls.Certificate) (*tls.Certificate, error) {
		var now [2]time.Time
		for i, name := range []string{certFile, keyFile} {
			info, err := os.Stat(name)
			if err != nil {
				return nil, err
			}
			now[i] = info.ModTime()
		}
		if old != nil && now == seen {
			return old, nil
		}
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", certFile, keyFile, err)
		}
		seen = now
		return withLeaf(pair)
	}, failed)
}
