package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/gobwas/ws"
)

// floorArgument makes this program run as the floor.
const floorArgument = "floor"

// floorPeer is a websocket over TLS without an application: the cost of the operating
// system and the cryptography, in the same language.
func floorPeer() *peer {
	p := &peer{name: "floor", title: "floor (bare TLS websocket)"}
	p.start = func(ctx context.Context, b *bench, want setting) (*server, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		return b.startPeer(p, exec.Command(self, floorArgument), want)
	}
	return p
}

// floorServer echoes every text to its sender, and sends texts that begin like presence
// to all other clients.
type floorServer struct {
	mu    sync.Mutex // guards conns
	conns map[net.Conn]struct{}
}

// serveFloor is the floor's process.
func serveFloor(ctx context.Context, env func(string) string) error {
	certs := env("CERT_DIR")
	pair, err := tls.LoadX509KeyPair(filepath.Join(certs, "cert.pem"), filepath.Join(certs, "key.pem"))
	if err != nil {
		return err
	}
	l, err := tls.Listen("tcp4", "127.0.0.1:"+env("PORT"), &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	s := &floorServer{conns: make(map[net.Conn]struct{})}
	for {
		conn, err := l.Accept()
		if err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		go s.serve(conn) // until its peer closes, or the process is killed
	}
}

func (s *floorServer) serve(conn net.Conn) {
	if _, err := ws.Upgrade(conn); err != nil {
		_ = conn.Close()
		return
	}
	s.mu.Lock()
	s.conns[conn] = struct{}{}
	s.mu.Unlock()
	go s.read(conn) // in a new goroutine, so that the handshake's stack is freed
}

func (s *floorServer) read(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	var room [512]byte
	var head [ws.MaxHeaderSize]byte
	for {
		h, err := ws.ReadHeaderBuffer(conn, head[:])
		if err != nil || h.Length > int64(len(room)) {
			return
		}
		data := room[:h.Length]
		if _, err := io.ReadFull(conn, data); err != nil {
			return
		}
		ws.Cipher(data, h.Mask, 0)
		frame := ws.MustCompileFrame(ws.NewTextFrame(data))
		if !bytes.HasPrefix(data, []byte(`42["connection_slots"`)) {
			if _, err := conn.Write(frame); err != nil {
				return
			}
			continue
		}
		for _, other := range s.others(conn) {
			_, _ = other.Write(frame) // its reader notices
		}
	}
}

func (s *floorServer) others(conn net.Conn) []net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]net.Conn, 0, len(s.conns))
	for c := range s.conns {
		if c != conn {
			list = append(list, c)
		}
	}
	return list
}
