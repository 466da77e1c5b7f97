package server

import (
	"context"
	"crypto/tls"
	"runtime"
	"slices"
	"sync"
)

// inTurn has TLS handshakes computed a few at a time, first come, first served.
// When thousands come at once, after a restart, all of them together would finish
// when the last does, past the time that a handshake may take [SEC-37], and the
// work would be for nothing.
//
// A turn begins when the ClientHello is there and ends when the server's flight
// is written, so a client that is slow or silent never has one.
func inTurn(config *tls.Config) *tls.Config {
	turns := make(chan struct{}, 2*runtime.GOMAXPROCS(0))
	outer, inner := config.Clone(), config.GetConfigForClient
	outer.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		chosen := config
		if inner != nil {
			own, err := inner(hello)
			if err != nil {
				return nil, err
			}
			if own != nil {
				chosen = own
			}
		}
		if !slices.Contains(hello.SupportedVersions, tls.VersionTLS13) {
			return chosen, nil // before 1.3 nothing tells that the flight is written
		}
		select {
		case turns <- struct{}{}:
		case <-hello.Context().Done():
			return nil, hello.Context().Err()
		}
		end := sync.OnceFunc(func() { <-turns })
		context.AfterFunc(hello.Context(), end) // where the flight is never written
		mine := chosen.Clone()
		verify := mine.VerifyConnection
		mine.VerifyConnection = func(state tls.ConnectionState) error { // once the flight is written
			end()
			if verify != nil {
				return verify(state)
			}
			return nil
		}
		return mine, nil
	}
	return outer
}
