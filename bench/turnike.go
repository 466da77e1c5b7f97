package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// turnike is the product, started as an operator starts it.
func turnike() *peer {
	return &peer{name: ours, title: "Turnike", speaks: true, start: startTurnike}
}

// ours is the product's name among the peers.
const ours = "turnike"

// layout holds the parameters of a prepared data directory.
type layout struct{ users, perPool int }

// pools returns the number of pools; consecutive users are in different pools.
func (l layout) pools() int { return (l.users + l.perPool - 1) / l.perPool }

// template is a prepared data directory, copied for each server.
type template struct {
	dir    string
	tokens map[string]string // by user name
}

// readyLine matches the ready line, which ends with the URL.
var readyLine = regexp.MustCompile(`https://[^:]+:(\d+)$`)

func startTurnike(ctx context.Context, b *bench, want setting) (*server, error) {
	t, err := b.template(ctx, layout{want.users, want.perPool})
	if err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp(b.dir, "data-")
	if err != nil {
		return nil, err
	}
	s := &server{peer: turnike(), data: data, token: func(user int) string { return t.tokens[userName(user)] }}
	if err := copyTree(data, t.dir); err != nil {
		return nil, err
	}
	environment := b.environment(want)
	s.operate = func(ctx context.Context, stdin string, args ...string) ([]byte, error) {
		return b.turnike(ctx, environment, stdin, append(args, "--data", data)...)
	}
	s.again = func(ctx context.Context) error { return s.serve(ctx, b.opts.binary, environment, s.addr) }
	if want.metrics {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s.metrics = "127.0.0.1:" + port
		err = s.serve(ctx, b.opts.binary, append(environment, "TURNIKE_METRICS_LISTEN="+s.metrics), "127.0.0.1:0")
		if err == nil || ctx.Err() != nil {
			return s, err
		}
		s.metrics = "" // a release without metrics refuses the key
	}
	return s, s.serve(ctx, b.opts.binary, environment, "127.0.0.1:0")
}

// serve starts the process and waits for its ready line.
func (s *server) serve(ctx context.Context, binary string, environment []string, listen string) error {
	cmd := exec.Command(binary, "serve", "--listen", listen, "--data", s.data)
	cmd.Env = environment
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.launch(cmd); err != nil {
		return err
	}
	ready := make(chan string, 1)
	go func() { // ends with the process
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
				ready <- "127.0.0.1:" + m[1]
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case addr := <-ready:
		if s.addr == "" { // after a restart it is the same, and clients are reading it
			s.addr = addr
		}
		return nil
	case <-s.exited:
		return s.died()
	case <-ctx.Done():
		return errors.Join(ctx.Err(), s.stop())
	}
}

// environment returns the configuration of Turnike. If the figure requires it, the
// configuration is that of an operator; otherwise it is like the peers': their
// heartbeat, no rate limits by address. Successful events are never logged.
func (b *bench) environment(want setting) []string {
	seats := want.users
	if want.seats > 0 {
		seats = want.seats
	}
	environment := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir,
		"JWT_SECRET_KEY=" + b.secret,
		fmt.Sprintf("MAX_CONNECTIONS=%d", seats),
		"TURNIKE_TLS_MODE=files",
		"TURNIKE_TLS_CERT_FILE=" + filepath.Join(b.certs, "cert.pem"),
		"TURNIKE_TLS_KEY_FILE=" + filepath.Join(b.certs, "key.pem"),
		"TURNIKE_LOG_LEVEL=error",
	}
	if want.limits {
		return environment
	}
	return append(environment,
		"TURNIKE_RATELIMIT_ENABLED=false",
		"TURNIKE_SOCKETIO_PING_INTERVAL=25s", "TURNIKE_SOCKETIO_PING_TIMEOUT=120s",
		"TURNIKE_SOCKETIO_CONNECT_TIMEOUT=1m", "TURNIKE_SOCKETIO_REGISTER_TIMEOUT=10m")
}

// turnike runs a command of the binary and returns its stdout.
func (b *bench) turnike(ctx context.Context, environment []string, stdin string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, b.opts.binary, args...)
	cmd.Env, cmd.Stdin = environment, strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("turnike %s %s: %w: %s", args[0], args[1], err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

// nobodysHash is a hash that matches no password, because users log in by token.
const nobodysHash = "$argon2id$v=19$m=7168,t=5,p=1$bm9ib2R5a25vd3NpdA$bm9ib2R5a25vd3N0aGVwYXNzd29yZG9mdGhpc3VzZXI"

// template prepares a data directory once for all figures with the same layout.
func (b *bench) template(ctx context.Context, l layout) (*template, error) {
	if t, ok := b.templates[l]; ok {
		return t, nil
	}
	b.progress.Printf("preparing %d users", l.users)
	t := &template{dir: filepath.Join(b.dir, fmt.Sprintf("template-%d-%d", l.users, l.perPool)), tokens: make(map[string]string)}
	environment := b.environment(setting{users: l.users})
	do := func(args ...string) ([]byte, error) {
		return b.turnike(ctx, environment, "", append(args, "--data", t.dir)...)
	}
	if l.perPool > 0 {
		for i := range l.pools() {
			if _, err := do("pool", "set", poolName(i), "--limit", fmt.Sprint(l.perPool)); err != nil {
				return nil, err
			}
		}
	}
	file := filepath.Join(b.dir, "import.jsonl")
	if err := os.WriteFile(file, importFile(l), 0o600); err != nil {
		return nil, err
	}
	if _, err := do("user", "import", file); err != nil {
		return nil, err
	}
	out, err := do("session", "issue", "--all")
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(out) {
		var issued struct{ Username, Token string }
		if err := json.Unmarshal(line, &issued); err != nil {
			return nil, err
		}
		t.tokens[issued.Username] = issued.Token
	}
	b.templates[l] = t
	return t, nil
}

func poolName(i int) string { return fmt.Sprintf("p%05d", i) }

// importFile returns the accounts, including an administrator, so that the first start
// does not create one.
func importFile(l layout) []byte {
	var b bytes.Buffer
	line := func(name, role, pool string) {
		fmt.Fprintf(&b, "{\"username\":%q,\"password_hash\":%q,\"role\":%q,\"pool\":%q}\n", name, nobodysHash, role, pool)
	}
	line("admin", "admin", "default")
	for i := range l.users {
		pool := "default"
		if l.perPool > 0 {
			pool = poolName(i % l.pools())
		}
		line(userName(i), "user", pool)
	}
	return b.Bytes()
}

// copyTree copies a directory including file modes, because the server checks them.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.Mkdir(target, info.Mode().Perm())
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, raw, info.Mode().Perm())
	})
}
