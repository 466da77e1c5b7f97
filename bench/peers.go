package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// nodePeer is the reference implementation of Socket.IO.
func nodePeer() *peer {
	p := &peer{name: "node", title: "Node socket.io", speaks: true}
	p.missing = func(b *bench) error {
		if _, err := os.Stat(filepath.Join(b.opts.sources, "node", "node_modules")); err != nil {
			return fmt.Errorf("its packages are missing: npm ci in bench/peers/node (%w)", err)
		}
		_, err := exec.LookPath("node")
		return err
	}
	p.start = func(ctx context.Context, b *bench, want setting) (*server, error) {
		cmd := exec.Command("node", "server.js")
		cmd.Dir = filepath.Join(b.opts.sources, "node")
		return b.startPeer(p, cmd, want)
	}
	return p
}

// flaskPeer is the stack of the seed.
func flaskPeer() *peer {
	p := &peer{name: "flask", title: "Flask-SocketIO", speaks: true, slow: true}
	p.missing = func(*bench) error {
		if err := exec.Command("/usr/bin/python3", "-c", "import flask_socketio, eventlet, jwt").Run(); err != nil {
			return fmt.Errorf("its packages are missing: script/need flask (%w)", err)
		}
		return nil
	}
	p.start = func(ctx context.Context, b *bench, want setting) (*server, error) {
		cmd := exec.Command("/usr/bin/python3", "app.py")
		cmd.Dir = filepath.Join(b.opts.sources, "flask")
		return b.startPeer(p, cmd, want)
	}
	return p
}

// startPeer starts a peer with the seed's protocol. It is configured by the environment
// and starts sending presence after a signal.
func (b *bench) startPeer(p *peer, cmd *exec.Cmd, want setting) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	limit, announces := 1_000_000, "1"
	if want.seats > 0 {
		limit = want.seats
	}
	if want.silent {
		announces = "0"
	}
	cmd.Env = append(os.Environ(), "PORT="+port, "JWT_SECRET_KEY="+b.secret, "CERT_DIR="+b.certs,
		fmt.Sprintf("MAX_CONNECTIONS=%d", limit), "BCAST="+announces)
	tokens := make([]string, want.users)
	for i := range tokens {
		if tokens[i], err = signToken(b.secret, userName(i)); err != nil {
			return nil, err
		}
	}
	s := &server{peer: p, addr: "127.0.0.1:" + port, tells: want.silent, token: func(user int) string { return tokens[user] }}
	s.again = func(context.Context) error { // its state went with the process
		next := exec.Command(cmd.Path, cmd.Args[1:]...)
		next.Dir, next.Env = cmd.Dir, cmd.Env
		return s.launch(next)
	}
	return s, s.launch(cmd)
}
