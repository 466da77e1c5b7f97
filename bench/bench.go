package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// bench holds the data that all figures of a run share.
type bench struct {
	opts      options
	dir       string // temporary files
	certs     string // directory with cert.pem and key.pem
	secret    string // signs tokens, ours and the peers'
	roots     *x509.CertPool
	templates map[layout]*template // prepared data directories
	progress  *log.Logger
}

// patience is the timeout of one figure, in addition to its planned duration.
const patience = 5 * time.Minute

func newBench(opts options, progress *log.Logger) (*bench, error) {
	if err := manyFiles(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "turnike-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{opts: opts, dir: dir, certs: filepath.Join(dir, "cert"), secret: rand.Text() + rand.Text(),
		templates: make(map[layout]*template), progress: progress}
	if b.roots, err = makeCertificate(b.certs); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) close() error { return os.RemoveAll(b.dir) }

// manyFiles raises the limit of open files for this process and those it starts to the
// system's maximum.
func manyFiles() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	const most = 1 << 17
	if more := (unix.Rlimit{Cur: most, Max: max(most, limit.Max)}); unix.Setrlimit(unix.RLIMIT_NOFILE, &more) == nil {
		return nil // root may
	}
	limit.Cur = limit.Max
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
}

// clientTLS is the same for every server, so that all do the same work: a key exchange
// that all support, no resumption.
func (b *bench) clientTLS() *tls.Config {
	return &tls.Config{RootCAs: b.roots, ServerName: "localhost", MinVersion: tls.VersionTLS13,
		CurvePreferences: []tls.CurveID{tls.X25519}, NextProtos: nil}
}

// figure takes one figure with a fresh server.
func (b *bench) figure(ctx context.Context, m mode, p *peer) (v values, err error) {
	sizes := b.opts.sizes
	ctx, cancel := context.WithTimeout(ctx, patience+m.lasts(sizes))
	defer cancel()
	s, err := p.start(ctx, b, m.setting(sizes, p))
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	c := newCrowd(s, b.clientTLS(), sizes.parallel)
	defer func() {
		c.closing.Store(true) // from now on, ends of connections are expected
		err = errors.Join(err, s.stop())
		c.close()
	}()
	if err := s.reachable(ctx, b.clientTLS()); err != nil {
		return nil, err
	}
	v, err = m.measure(ctx, &figure{server: s, crowd: c, sizes: sizes})
	if err != nil {
		select {
		case <-s.exited:
			err = errors.Join(err, s.died())
		default:
		}
	}
	return v, err
}
