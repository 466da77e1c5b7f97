package realtime

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/presence"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/store"
	"github.com/turnike/turnike/internal/store/sqlite"
	"github.com/turnike/turnike/internal/token"
)

// patience of tests; it is never reached when all is well.
const patience = 20 * time.Second

// world is the server without its HTTP routes: a real database, the core, and sockets
// over real connections.
type world struct {
	t     *testing.T
	store *sqlite.Store
	gate  *gate
	core  *session.Core
	keys  *token.Keyring
	rt    *Server
	url   string
	step  atomic.Int64 // nanoseconds by which the machine's clock was put forward
}

// setting is what a test may choose.
type setting struct {
	rules session.Rules
	limit int
	cfg   Config
	wrap  func(net.Listener) net.Listener // wraps the listener
	log   slog.Handler
}

// newWorld starts one with the users ada, bob and eve and the administrator root.
func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
	set := setting{rules: session.DefaultRules(), limit: 3, log: slog.DiscardHandler, cfg: Config{
		Visibility: session.VisibilityNames, NamesUpTo: 5000, PingInterval: time.Minute, PingTimeout: time.Minute,
		ConnectTimeout: time.Minute, RegisterTimeout: time.Minute, MaxPayload: 65536,
		Transports: []string{engineio.Polling, engineio.WebSocket}, Limits: Limits{Replacements: true},
		ClientAddress: func(r *http.Request) string { return r.RemoteAddr },
	}}
	for _, f := range change {
		f(&set)
	}
	log := slog.New(set.log)
	w := &world{t: t}
	db, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir(), Log: log,
		Wall: func() time.Time { return time.Now().Add(time.Duration(w.step.Load())) }})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	w.store, w.gate = db, &gate{Store: db}
	w.core = session.New(w.gate, set.rules, log)
	must(t, db.CreateUsers(t.Context(), session.ByCLI("test"), []store.NewUser{{Name: "ada", Role: account.RoleUser},
		{Name: "bob", Role: account.RoleUser}, {Name: "eve", Role: account.RoleUser}, {Name: "root", Role: account.RoleAdmin}}))
	must(t, w.core.ChangePool(t.Context(), session.ByCLI("test"), 1, session.PoolChange{Limit: &set.limit}))

	_, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	key, err := token.NewEd25519Key(private)
	must(t, err)
	w.keys, err = token.New(token.Config{Instance: db.Instance(), Active: key})
	must(t, err)

	cfg := set.cfg
	cfg.Core, cfg.Auth, cfg.Log, cfg.Epoch = w.core, auth.New(w.keys, w.core), log, rand.Text()
	cfg.Refuse = func(_ *http.Request, status int, code string, _ time.Duration) *engineio.HTTPError {
		return &engineio.HTTPError{Status: status, Body: []byte(code)}
	}
	if cfg.Snapshot == nil {
		cfg.Snapshot = w.snapshot
	}
	w.rt = New(cfg)
	must(t, db.Listen("server", w.rt.Commit))
	must(t, w.core.Boot(t.Context(), cfg.Epoch))
	web := httptest.NewUnstartedServer(w.rt)
	if set.wrap != nil {
		web.Listener = set.wrap(web.Listener)
	}
	web.Start()
	w.url = web.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.rt.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		web.Close()
	})
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) snapshot(ctx context.Context, id session.PoolID) (presence.Snapshot, error) {
	pool, seats, err := w.store.Snapshot(ctx, id)
	snap := presence.Snapshot{Pool: pool}
	for _, e := range seats {
		snap.Entries = append(snap.Entries, presence.Entry(e))
	}
	return snap, err
}

// gate is the store with doors that a test can hold shut.
type gate struct {
	session.Store
	mu     sync.Mutex // guards the rest
	before func(user string) (held bool)
	reads  func() // before a session is read
	read   func() // and after that
	busy   int    // how many changes find the queue full
	broken bool   // no session can be read
	down   bool   // no user can be changed
}

// Session implements session.Store.
func (g *gate) Session(ctx context.Context, id string) (session.Session, session.User, error) {
	g.mu.Lock()
	reads, read, broken := g.reads, g.read, g.broken
	g.mu.Unlock()
	if broken {
		return session.Session{}, session.User{}, session.ErrUnavailable
	}
	if reads != nil {
		reads()
	}
	s, u, err := g.Store.Session(ctx, id)
	if read != nil {
		read()
	}
	return s, u, err
}

// Update implements session.Store.
func (g *gate) Update(ctx context.Context, user string, decide func(session.State, time.Time) session.Change) (session.Pos, error) {
	g.mu.Lock()
	before, busy, down := g.before, g.busy > 0, g.down
	g.busy -= min(g.busy, 1)
	g.mu.Unlock()
	if busy {
		return 0, session.ErrBusy
	}
	if down {
		return 0, session.ErrUnavailable
	}
	if before != nil && before(user) {
		ctx = context.WithoutCancel(ctx)
	}
	return g.Store.Update(ctx, user, decide)
}

// hold makes the next change of a user wait as if it were queued already: arrived is
// closed when it comes, and release lets it through even if its caller has given up.
func (g *gate) hold(user string) (arrived <-chan struct{}, release func()) {
	came, open := make(chan struct{}), make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.before = func(u string) bool {
		if u != user {
			return false
		}
		g.mu.Lock()
		g.before = nil
		g.mu.Unlock()
		close(came)
		<-open
		return true
	}
	return came, func() { close(open) }
}

// user is an account by name.
func (w *world) user(name string) session.User {
	w.t.Helper()
	u, err := w.store.UserByName(w.t.Context(), name)
	must(w.t, err)
	return u
}

// login opens a session; device tells one browser from another.
func (w *world) login(name, device string) (session.Session, string) {
	w.t.Helper()
	u := w.user(name)
	s, err := w.core.Login(w.t.Context(), session.ByUser(u.ID), session.Login{User: u.ID, CredVersion: u.CredVersion, DeviceHash: []byte(device)})
	must(w.t, err)
	raw, err := w.keys.Sign(token.Claims{ID: "jti", Session: s.ID, Subject: u.ID, Username: u.Name, Role: string(u.Role),
		Pool: "default", IssuedAt: s.Created, NotBefore: s.Created, ExpiresAt: s.Expires})
	must(w.t, err)
	return s, raw
}

// seat is the state of a user's seat, "" without one.
func (w *world) seat(name string) session.SeatState {
	w.t.Helper()
	_, seats, err := w.store.Snapshot(w.t.Context(), 1)
	must(w.t, err)
	for _, e := range seats {
		if e.Name == name {
			return e.State
		}
	}
	return ""
}

// eventually waits for what another goroutine will do.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// peer is a websocket client that speaks Socket.IO.
type peer struct {
	t    *testing.T
	conn net.Conn
	sid  string
}

// dial opens a connection and leaves it without CONNECT.
func (w *world) dial(header http.Header) *peer {
	w.t.Helper()
	d := ws.Dialer{Timeout: patience, Header: ws.HandshakeHeaderHTTP(header)}
	conn, early, _, err := d.Dial(w.t.Context(), strings.Replace(w.url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket")
	must(w.t, err)
	w.t.Cleanup(func() { conn.Close() })
	p := &peer{t: w.t, conn: conn}
	if early != nil {
		p.conn = &buffered{conn, early}
	}
	must(w.t, conn.SetDeadline(time.Now().Add(patience)))
	if open := p.read(); !strings.HasPrefix(open, "0{") {
		w.t.Fatalf("open packet %q", open)
	}
	return p
}

// buffered is a connection some of whose bytes were read too soon.
type buffered struct {
	net.Conn
	r io.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.r.Read(p) }

// connect opens a connection and connects with a token.
func (w *world) connect(raw string) *peer {
	w.t.Helper()
	p := w.dial(nil)
	p.join(raw)
	return p
}

// enter connects and registers.
func (w *world) enter(raw string) *peer {
	w.t.Helper()
	p := w.connect(raw)
	p.register()
	return p
}

func (p *peer) join(raw string) {
	p.t.Helper()
	p.send(fmt.Sprintf(`40{"token":%q}`, raw))
	var in struct{ SID string }
	body, ok := strings.CutPrefix(p.read(), "40")
	if !ok || json.Unmarshal([]byte(body), &in) != nil {
		p.t.Fatalf("connect was answered %q", body)
	}
	p.sid = in.SID
}

// register registers and reads the four answers of the contract.
func (p *peer) register() {
	p.t.Helper()
	p.send(`42["register_user",{}]`)
	for _, want := range []string{eventResponse, eventSlots, eventOnlineUsers, eventPresenceSync} {
		if name, body := p.event(); name != want || (name == eventResponse && !strings.Contains(body, `"ok":true`)) {
			p.t.Fatalf("got %s %s, want %s", name, body, want)
		}
	}
}

func (p *peer) send(text string) {
	p.t.Helper()
	f := ws.MaskFrame(ws.NewFrame(ws.OpText, true, []byte(text)))
	if _, err := p.conn.Write(ws.MustCompileFrame(f)); err != nil {
		p.t.Logf("write: %v", err) // the server may have closed already
	}
}

// read reads one frame, a close as "close 4001".
func (p *peer) read() string {
	p.t.Helper()
	h, err := ws.ReadHeader(p.conn)
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	data := make([]byte, h.Length)
	if _, err := io.ReadFull(p.conn, data); err != nil {
		p.t.Fatalf("read: %v", err)
	}
	if h.OpCode == ws.OpClose {
		code, _ := ws.ParseCloseFrameData(data)
		return fmt.Sprintf("close %d", code)
	}
	return string(data)
}

// event reads an event's name and the JSON of its argument.
func (p *peer) event() (name, body string) {
	p.t.Helper()
	text := p.read()
	raw, ok := strings.CutPrefix(text, "42")
	var args []json.RawMessage
	if !ok || json.Unmarshal([]byte(raw), &args) != nil || len(args) == 0 || json.Unmarshal(args[0], &name) != nil {
		p.t.Fatalf("got %q, want an event", text)
	}
	if len(args) > 1 {
		body = string(args[1])
	}
	return name, body
}

// expect reads events until one of that name, whose argument holds all texts.
func (p *peer) expect(want string, texts ...string) {
	p.t.Helper()
	for {
		name, body := p.event()
		if name != want {
			continue
		}
		for _, text := range texts {
			if !strings.Contains(body, text) {
				p.t.Fatalf("%s %s, want %s in it", name, body, text)
			}
		}
		return
	}
}

// ended expects the last event, then DISCONNECT, then the close.
func (p *peer) ended(event, code string, closeCode int) {
	p.t.Helper()
	p.expect(event, `"code":"`+code+`"`)
	if got := p.read(); got != "41" {
		p.t.Fatalf("got %q after %s, want DISCONNECT", got, event)
	}
	if got, want := p.read(), fmt.Sprintf("close %d", closeCode); got != want {
		p.t.Fatalf("got %q after DISCONNECT, want %s", got, want)
	}
}

// decode reads the argument of an event.
func decode(t *testing.T, body string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), into); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
}
