package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
)

func testCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// [SEC-37] Clients who stop in the middle of a handshake, whatever their number,
// hold nobody up: a turn lasts only while the server computes.
func TestSEC37_HandshakesInTurn(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := inTurn(&tls.Config{Certificates: []tls.Certificate{testCertificate(t)}})
		theirs := &tls.Config{InsecureSkipVerify: true, MaxVersion: version}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		serve := func() net.Conn {
			client, server := net.Pipe()
			wg.Go(func() {
				_ = tls.Server(server, config).HandshakeContext(ctx) // as the client has it
				_ = server.Close()
			})
			return client
		}
		for range 8 * runtime.GOMAXPROCS(0) {
			stuck := &stopAfter{Conn: serve(), writes: 1}
			wg.Go(func() { _ = tls.Client(stuck, theirs).HandshakeContext(ctx) })
		}
		var good sync.WaitGroup
		for range 8 * runtime.GOMAXPROCS(0) {
			good.Go(func() {
				if err := tls.Client(serve(), theirs).HandshakeContext(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		good.Wait()
		cancel()
		wg.Wait()
	}
}

// stopAfter swallows what is written after so many writes.
type stopAfter struct {
	net.Conn
	writes int
}

// Write implements net.Conn.
func (c *stopAfter) Write(b []byte) (int, error) {
	if c.writes == 0 {
		return len(b), nil
	}
	c.writes--
	return c.Conn.Write(b)
}
