package harness

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// The transports of a Dial.
const (
	Websocket = "websocket"
	Polling   = "polling"
	Upgrade   = "upgrade" // polling first, websocket after CONNECT
)

// Dial holds the options for opening a socket.
type Dial struct {
	Transport string // Websocket if empty
	Path      string // /socket.io/ if empty
	Token     string // auth.token; omitted if empty
	Lang      string // auth.lang
	Auth      any    // the complete auth, instead of Token and Lang
	Cookie    string // the Cookie header
	Origin    string
	Header    map[string]string
	Query     string // additional query, such as "&token=x"
	Mute      bool   // answers no ping
}

// wire is a transport that reads and writes Engine.IO packets.
type wire interface {
	read() ([]string, error)
	write(packet string) error
	close()
}

// Handshake is the Engine.IO open packet.
type Handshake struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

// Socket is a strict Socket.IO client that records all packets it receives.
type Socket struct {
	Open Handshake
	ID   string // the socket id, once connected

	t      testing.TB // nil in a client process
	s      *Server
	dial   Dial
	nextID int
	done   chan struct{} // closed when reading has ended

	mu        sync.Mutex // guards the fields below
	wire      wire
	packets   []Packet
	wrong     []string // broken promises
	changed   chan struct{}
	watch     presenceWatch
	upgrading chan struct{} // non-nil while the transport is being changed; closed afterwards
	paused    chan struct{} // closed by the reader once it waits
}

// refusal is an answer that refuses the Engine.IO handshake.
type refusal struct{ answer *Answer }

func (r refusal) Error() string {
	return fmt.Sprintf("refused with %d: %s", r.answer.Status, r.answer.Body)
}

// Socket opens a websocket with a token and connects.
func (s *Server) Socket(token string) *Socket {
	s.t.Helper()
	return s.Dial(Dial{Token: token})
}

// Dial opens a socket and connects to the namespace.
func (s *Server) Dial(d Dial) *Socket {
	s.t.Helper()
	k := s.Open(d)
	p := k.Connect()
	if p.Kind != Connected {
		s.t.Fatalf("not connected: %v", p)
	}
	if d.Transport == Upgrade {
		k.Upgrade()
	}
	return k
}

// Open performs only the Engine.IO handshake.
func (s *Server) Open(d Dial) *Socket {
	s.t.Helper()
	k, err := s.open(d)
	if err != nil {
		s.t.Fatalf("socket: %v", err)
	}
	return k
}

// Refused performs an Engine.IO handshake that must be refused.
func (s *Server) Refused(d Dial) *Answer {
	s.t.Helper()
	_, err := s.open(d)
	r, ok := errors.AsType[refusal](err)
	if !ok {
		s.t.Fatalf("socket: %v, want an answer that refuses it", err)
	}
	return r.answer
}

func (s *Server) open(d Dial) (*Socket, error) {
	k := &Socket{t: s.t, s: s, dial: d, done: make(chan struct{}), changed: make(chan struct{}, 1)}
	if err := k.handshake(); err != nil {
		return nil, err
	}
	go k.run()
	if s.t != nil {
		s.t.Cleanup(k.finish)
	}
	return k, nil
}

func (k *Socket) header() map[string]string {
	h := map[string]string{}
	maps.Copy(h, k.dial.Header)
	if k.dial.Cookie != "" {
		h["Cookie"] = k.dial.Cookie
	}
	if k.dial.Origin != "" {
		h["Origin"] = k.dial.Origin
	}
	return h
}

func (k *Socket) handshake() error {
	path := cmp.Or(k.dial.Path, "/socket.io/") + "?EIO=4&transport="
	if k.dial.Transport == Polling || k.dial.Transport == Upgrade {
		p := &polling{s: k.s, path: path + "polling" + k.dial.Query, header: k.header()}
		b := k.s.Browser()
		b.Header = k.header()
		a, err := b.Try(Request{Path: p.path})
		if err != nil {
			return err
		}
		if a.Status != http.StatusOK {
			return refusal{a}
		}
		if err := k.opened(a.Body); err != nil {
			return err
		}
		p.path += "&sid=" + k.Open.SID
		k.wire = p
		return nil
	}
	w, res, err := dialWebsocket(k.s, path+"websocket"+k.dial.Query, k.header())
	if err != nil {
		return err
	}
	if w == nil {
		return refusal{answerOf(k.t, res, "GET websocket")}
	}
	first, err := w.read()
	if err != nil {
		return err
	}
	k.wire = w
	return k.opened(first[0])
}

func answerOf(t testing.TB, res *http.Response, what string) *Answer {
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &Answer{res.StatusCode, res.Header, string(body), t, what}
}

func (k *Socket) opened(packet string) error {
	if !strings.HasPrefix(packet, "0") || !Compact([]byte(packet[1:])) {
		return fmt.Errorf("not an open packet: %q", packet)
	}
	return Decode([]byte(packet[1:]), &k.Open)
}

// Connect sends CONNECT and returns the answer.
func (k *Socket) Connect() Packet {
	k.t.Helper()
	if err := k.connect(); err != nil {
		k.t.Fatalf("CONNECT: %v", err)
	}
	p := k.Next()
	if p.Kind == Connected {
		k.connected(p)
	}
	return p
}

func (k *Socket) connected(p Packet) {
	var data struct{ SID string }
	_ = json.Unmarshal(p.Data, &data) // already checked by the parser
	k.ID = data.SID
}

func (k *Socket) connect() error {
	auth := k.dial.Auth
	if auth == nil {
		m := map[string]string{}
		if k.dial.Token != "" {
			m["token"] = k.dial.Token
		}
		if k.dial.Lang != "" {
			m["lang"] = k.dial.Lang
		}
		if len(m) > 0 {
			auth = m
		}
	}
	packet := "40"
	if auth != nil {
		raw, err := json.Marshal(auth)
		if err != nil {
			return err
		}
		packet += string(raw)
	}
	return k.write(packet)
}

func (k *Socket) write(packet string) error {
	k.mu.Lock()
	w := k.wire
	k.mu.Unlock()
	return w.write(packet)
}

// Raw sends an Engine.IO packet unchanged.
func (k *Socket) Raw(packet string) {
	k.t.Helper()
	if err := k.write(packet); err != nil {
		k.t.Fatalf("send %.80q: %v", packet, err)
	}
}

// Emit sends an event without requesting an ack.
func (k *Socket) Emit(name string, args ...any) {
	k.t.Helper()
	k.Raw("42" + encodeEvent(k.t, name, args))
}

// Call sends an event that requests an ack and returns the ack's id.
func (k *Socket) Call(name string, args ...any) int {
	k.t.Helper()
	id := k.nextID
	k.nextID++
	k.Raw(fmt.Sprintf("42%d%s", id, encodeEvent(k.t, name, args)))
	return id
}

func encodeEvent(t testing.TB, name string, args []any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(append([]any{name}, args...)); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Leave sends Socket.IO DISCONNECT and closes the transport, like an application that
// disconnects.
func (k *Socket) Leave() {
	k.t.Helper()
	k.Raw("41")
	k.mu.Lock()
	w := k.wire
	k.mu.Unlock()
	if ws, ok := w.(*websocket); ok {
		ws.sayGoodbye()
	} else {
		k.TryRaw("1")
	}
}

// Drop breaks the transport like a lost network.
func (k *Socket) Drop() {
	k.mu.Lock()
	w := k.wire
	k.mu.Unlock()
	w.close()
	if p, ok := w.(*polling); ok {
		_ = p.write("1") // the only way to end a poll at once; Engine.IO close counts as a lost transport [S3]
	}
	<-k.done
}

// finish ends the socket at the end of its test and reports violations.
func (k *Socket) finish() {
	k.t.Helper()
	k.mu.Lock()
	w, wrong := k.wire, k.wrong
	k.mu.Unlock()
	w.close()
	for _, why := range wrong {
		k.t.Errorf("socket %s: %s", k.ID, why)
	}
}

// Closed returns a channel that is closed when the transport has ended.
func (k *Socket) Closed() <-chan struct{} { return k.done }

// next waits for a packet that matches and removes it from the record; with drop,
// earlier packets too.
func (k *Socket) next(match func(Packet) bool, drop bool) (Packet, error) {
	deadline := time.After(Patience)
	for {
		k.mu.Lock()
		for i, p := range k.packets {
			if match(p) {
				if drop {
					k.packets = k.packets[i+1:]
				} else {
					k.packets = append(k.packets[:i:i], k.packets[i+1:]...)
				}
				k.mu.Unlock()
				return p, nil
			}
		}
		waiting := fmt.Sprint(k.packets)
		k.mu.Unlock()
		select {
		case <-k.changed:
		case <-deadline:
			return Packet{}, fmt.Errorf("nothing came within %s; unread: %s", Patience, waiting)
		}
	}
}

// Next returns the next packet of any kind.
func (k *Socket) Next() Packet {
	k.t.Helper()
	return k.wait(func(Packet) bool { return true }, "any packet", false)
}

// Take waits for a packet and removes it from the record; other packets stay.
func (k *Socket) Take(what string, match func(Packet) bool) Packet {
	k.t.Helper()
	return k.wait(match, what, false)
}

// Until waits for a packet and drops the earlier ones.
func (k *Socket) Until(what string, match func(Packet) bool) Packet {
	k.t.Helper()
	return k.wait(match, what, true)
}

func (k *Socket) wait(match func(Packet) bool, what string, drop bool) Packet {
	k.t.Helper()
	p, err := k.next(match, drop)
	if err != nil {
		k.t.Fatalf("socket %s: waiting for %s: %v", k.ID, what, err)
	}
	return p
}

// Unread returns the received packets that no call has removed yet.
func (k *Socket) Unread() []Packet {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]Packet(nil), k.packets...)
}

// run reads until the transport ends.
func (k *Socket) run() {
	defer close(k.done)
	for {
		k.mu.Lock()
		w := k.wire
		k.mu.Unlock()
		packets, err := w.read()
		for _, p := range packets {
			if !k.engine(p) {
				err = errors.Join(err, errEngineClose)
				break
			}
		}
		if err != nil {
			k.record(closedBy(err))
			w.close()
			return
		}
		k.handOver()
	}
}

var errEngineClose = errors.New("Engine.IO close")

func closedBy(err error) Packet {
	if c, ok := errors.AsType[closeError](err); ok {
		return Packet{Kind: Closed, Code: c.code, Reason: c.reason}
	}
	return Packet{Kind: Closed, Reason: err.Error()}
}

// engine handles one Engine.IO packet. It returns false at the end.
func (k *Socket) engine(packet string) bool {
	if packet == "" {
		k.broken("an empty Engine.IO packet")
		return true
	}
	switch packet[0] {
	case '1':
		return false
	case '2':
		if !k.dial.Mute {
			_ = k.write("3") // the reader detects a broken transport
		}
	case '4':
		p, err := parseSocketIO(packet[1:])
		if err != nil {
			k.broken("%v", err)
			return true
		}
		k.record(p)
	case '6':
	default:
		k.broken("unexpected Engine.IO packet %q", packet)
	}
	return true
}

func (k *Socket) broken(format string, args ...any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.wrong = append(k.wrong, fmt.Sprintf(format, args...))
}

func (k *Socket) record(p Packet) {
	k.mu.Lock()
	k.packets = append(k.packets, p)
	if why := k.watch.see(p); why != "" {
		k.wrong = append(k.wrong, why)
	}
	k.mu.Unlock()
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// TryRaw sends an Engine.IO packet that may be refused.
func (k *Socket) TryRaw(packet string) { _ = k.write(packet) }

// TryOpen is Open for goroutines that must not fail the test.
func (s *Server) TryOpen(d Dial) (*Socket, error) { return s.open(d) }

// TryConnect is Connect for goroutines that must not fail the test. A refusal or an end
// stays in the record.
func (k *Socket) TryConnect() error {
	if err := k.connect(); err != nil {
		return err
	}
	p, err := k.next(func(Packet) bool { return true }, false)
	if err != nil {
		return err
	}
	if p.Kind == Connected {
		k.connected(p)
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.packets = append([]Packet{p}, k.packets...)
	return nil
}

// Wait waits for a packet and drops the earlier ones.
func (k *Socket) Wait(match func(Packet) bool) (Packet, error) { return k.next(match, true) }
