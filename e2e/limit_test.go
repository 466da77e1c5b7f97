package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// limited requires a problem document with a time to retry.
func limited(t *testing.T, a *harness.Answer, status int) {
	t.Helper()
	a.Problem(status, "rate_limited")
	if a.Header.Get("Retry-After") == "" {
		t.Errorf("%d without Retry-After", a.Status)
	}
}

// TestSEC41_Polls: a polling connection may make a hundred requests at once. Faster
// requests are refused, and the connection continues.
func TestSEC41_Polls(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("socketio.ping_interval", "1m")) // its own poll does not interfere
	k := s.Dial(harness.Dial{Transport: harness.Polling, Token: s.Login("ali")})
	// A method that the engine refuses: it counts as a request and has no effect.
	ask := harness.Request{Method: http.MethodPut, Path: "/socket.io/?EIO=4&transport=polling&sid=" + k.Open.SID}
	b := s.Browser()
	for i := range 90 { // and a few of the socket's own
		if a := b.Do(ask); a.Status != http.StatusBadRequest {
			t.Fatalf("request %d: %d %s", i, a.Status, a.Body)
		}
	}
	var wg sync.WaitGroup
	var refused atomic.Pointer[harness.Answer]
	for range 16 {
		wg.Go(func() {
			b := s.Browser()
			for i := 0; i < 500 && refused.Load() == nil; i++ {
				if a, err := b.Try(ask); err == nil && a.Status == http.StatusTooManyRequests {
					refused.CompareAndSwap(nil, a)
				}
			}
		})
	}
	wg.Wait()
	a := refused.Load()
	if a == nil {
		t.Fatal("never refused")
	}
	limited(t, a, http.StatusTooManyRequests)
	taken := 0 // one each look, of which there are ten a second: more comes back than that
	harness.Eventually(t, "requests are taken again", func() bool {
		if b.Do(ask).Status == http.StatusBadRequest {
			taken++
		}
		return taken == 5
	})
	k.Register()
}

// TestSEC42_Unverified: one address may have 256 unverified connections and no more.
// Other addresses and sessions are not affected.
func TestSEC42_Unverified(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("server.trusted_proxies", "127.0.0.0/8"))
	token := s.Login("ali")
	b := s.Browser()
	b.Login("veli")
	from := func(address string) map[string]string { return map[string]string{"X-Forwarded-For": address} }
	crowd := harness.Dial{Header: from("203.0.113.7")}
	one := s.Open(harness.Dial{Token: token, Header: crowd.Header})
	for range 255 {
		s.Open(crowd)
	}
	for _, transport := range []string{harness.Websocket, harness.Polling} {
		limited(t, s.Refused(harness.Dial{Transport: transport, Header: crowd.Header}), http.StatusServiceUnavailable)
	}
	s.Open(harness.Dial{Header: from("203.0.113.8")})
	// Users who have logged in can still connect from that address.
	s.Dial(harness.Dial{Header: crowd.Header, Cookie: b.CookieHeader(), Origin: s.URL}).Register()
	// A connection that is verified makes room for another one.
	if p := one.Connect(); p.Kind != harness.Connected {
		t.Fatalf("%v", p)
	}
	s.Open(crowd)
	limited(t, s.Refused(crowd), http.StatusServiceUnavailable)
}

// TestSEC42_Office: three hundred users behind one address connect at once while another
// address floods; all of them connect again after a restart.
func TestSEC42_Office(t *testing.T) {
	t.Parallel()
	const office = 300
	s := harness.Start(t, harness.Set("tls.mode", "off"), harness.Set("server.listen", "127.0.0.1:5000"),
		harness.Set("seat.limit", fmt.Sprint(office)), harness.Set("seat.boot_grace", "10m"))
	s.KeepPort()
	var accounts []harness.Account
	for i := range office {
		accounts = append(accounts, harness.Account{Username: fmt.Sprintf("kisi%03d", i)})
	}
	s.Must("user", "import", harness.ImportFile(t, accounts...))
	tokens := s.Issue(usernames(accounts)...)

	ctx, stop := context.WithCancel(t.Context())
	var flooders sync.WaitGroup
	var refused atomic.Int64
	for range 2 {
		flooders.Go(func() { flood(ctx, s, "127.0.0.2", &refused) })
	}
	t.Cleanup(func() { stop(); flooders.Wait() })
	harness.Eventually(t, "the flood is refused", func() bool { return refused.Load() > 0 })
	before := refused.Load()
	comeIn(t, s, tokens)
	harness.Eventually(t, "the flood goes on", func() bool { return refused.Load() > before })
	t.Logf("%d of the flood were refused", refused.Load())
	stop()
	flooders.Wait()
	if p := s.Pool("default"); p.Held != office {
		t.Errorf("%+v", p)
	}
	s.Restart()
	comeIn(t, s, tokens)
	if p := s.Pool("default"); p.Held != office {
		t.Errorf("after a restart: %+v", p)
	}
}

func usernames(accounts []harness.Account) (names []string) {
	for _, a := range accounts {
		names = append(names, a.Username)
	}
	return names
}

// comeIn connects and registers every token, fifty at a time. None may be refused.
func comeIn(t *testing.T, s *harness.Server, tokens map[string]string) {
	t.Helper()
	at := make(chan struct{}, 50)
	var wg sync.WaitGroup
	for name, token := range tokens {
		wg.Go(func() {
			at <- struct{}{}
			defer func() { <-at }()
			k, err := s.TryOpen(harness.Dial{Token: token})
			if err == nil {
				err = k.TryConnect()
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			k.TryRaw(`420["register_user",{}]`)
			p, err := k.Wait(func(p harness.Packet) bool {
				return p.Kind == harness.Ack || p.Kind == harness.Refused || p.Kind == harness.Closed
			})
			if err != nil || outcome(p) != "inside" {
				t.Errorf("%s: %v, %v", name, p, err)
			}
		})
	}
	wg.Wait()
}

// flood opens connections from an address one after the other until ctx ends, drops each
// before it is verified, and returns how many were refused.
func flood(ctx context.Context, s *harness.Server, address string, refused *atomic.Int64) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	c, err := d.DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }() // nothing depends on how
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	r := bufio.NewReader(c)
	for ctx.Err() == nil {
		if !say(c, get("transport=polling", "")) {
			return
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return
		}
		var open harness.Handshake
		switch {
		case res.StatusCode == http.StatusServiceUnavailable:
			refused.Add(1)
			continue
		case json.Unmarshal([]byte(strings.TrimPrefix(string(body), "0")), &open) != nil:
			return
		}
		if !say(c, post("/socket.io/?EIO=4&transport=polling&sid="+open.SID, 1)+"1") {
			return
		}
		if res, err = http.ReadResponse(r, nil); err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, res.Body) // errors appear at the next request
	}
}

// TestSEC42_Session: a session may have five connections. A sixth is closed so that its
// client reconnects; the five, the session and other users are not affected.
func TestSEC42_Session(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	for _, transport := range transports[:2] {
		token := s.Login("ali")
		var five []*harness.Socket
		for range 5 {
			five = append(five, s.Dial(harness.Dial{Transport: transport, Token: token}))
		}
		late := s.Open(harness.Dial{Transport: transport, Token: token})
		p := late.Connect()
		if p.Kind != harness.Closed || transport == harness.Websocket && (p.Code != 1013 || p.Reason != "rate_limited") {
			t.Errorf("%s: the sixth got %v, want to be sent away", transport, p)
		}
		five[0].Register()
		five[4].Barrier()
		s.Socket(s.Login("veli")).Register()
		five[1].Leave()
		five[1].Gone()
		s.Dial(harness.Dial{Transport: transport, Token: token}).Register()
	}
}

// TestSEC42_Tabs: any number of tabs may be inside if the configuration allows it.
func TestSEC42_Tabs(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.connections_per_session", "0"))
	token := s.Login("ali")
	for range 12 {
		s.Socket(token).Register()
	}
}

// TestSEC44_Socket: forty events at once are answered. A client that sends far more gets
// errors, in the ack and in response, and finally a close after which it may reconnect.
func TestSEC44_Socket(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Login("ali")
	other := s.Socket(s.Login("veli"))
	other.Register()
	k := s.Socket(token)
	for i := range 500 { // more than the limit refills meanwhile
		k.TryRaw(fmt.Sprintf(`42%d["ping_manual"]`, i))
	}
	last := k.Take("the close", func(p harness.Packet) bool { return p.Kind == harness.Closed })
	if last.Code != 1008 {
		t.Errorf("%v, want 1008", last)
	}
	answered, refused, told := 0, 0, 0
	for _, p := range k.Unread() {
		var f harness.Failure
		switch {
		case p.Kind == harness.Event && p.Name == "pong_manual":
		case p.Kind == harness.Ack && strings.Contains(string(p.Args[0]), `"server_time_ms"`):
			if answered++; p.ID < 40 && refused > 0 {
				t.Errorf("%d was answered after a refusal", p.ID)
			}
		case (p.Kind == harness.Ack || p.Kind == harness.Event && p.Name == "response") &&
			harness.Decode(p.Args[0], &f) == nil && f.Code == "event_rate_limited" && f.Message != "":
			if p.Kind == harness.Event {
				told++
			} else if refused++; p.ID < 40 {
				t.Errorf("event %d was refused", p.ID)
			}
			if !strings.Contains(string(p.Args[0]), `"retry_after":1`) {
				t.Errorf("%s", p.Args[0])
			}
		default:
			t.Errorf("unexpected: %v", p) // DISCONNECT, or an end, would keep the client away
		}
	}
	if answered < 40 || refused < 40 || told != refused {
		t.Errorf("%d answered, %d refused, %d told", answered, refused, told)
	}
	s.Socket(token).Register()
	other.Barrier()
}

// TestSEC44_User: the sockets of one user share 200 events at once.
func TestSEC44_User(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.connections_per_session", "0"))
	token := s.Login("ali")
	other := s.Socket(s.Login("veli"))
	other.Register()
	var tabs []*harness.Socket
	for range 20 {
		k := s.Socket(token)
		k.Register()
		tabs = append(tabs, k)
	}
	var wg sync.WaitGroup
	var answered, refused atomic.Int64
	for _, k := range tabs {
		wg.Go(func() {
			const each = 35 // within the limit of a socket
			for i := range each {
				k.TryRaw(fmt.Sprintf(`42%d["ping_manual"]`, 100+i))
			}
			for range each {
				p, err := k.Wait(func(p harness.Packet) bool { return p.Kind == harness.Ack || p.Kind == harness.Closed })
				switch {
				case err != nil || p.Kind == harness.Closed:
					t.Errorf("%v, %v", p, err)
					return
				case strings.Contains(string(p.Args[0]), "event_rate_limited"):
					refused.Add(1)
				default:
					answered.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if answered.Load() < 200-20 || refused.Load() == 0 {
		t.Errorf("%d answered, %d refused", answered.Load(), refused.Load())
	}
	other.Barrier()
}

// TestSEC45_OnlineUsers: the list is answered once a second, like presence_sync;
// presence_sync is limited even if the limits are off.
func TestSEC45_OnlineUsers(t *testing.T) {
	t.Parallel()
	for _, enabled := range []bool{true, false} {
		s := harness.Start(t, harness.Set("ratelimit.enabled", fmt.Sprint(enabled)))
		k := s.Socket(s.Login("ali"))
		k.Register()
		for _, event := range []string{"get_online_users", "presence_sync"} {
			first, second := k.Call(event), k.Call(event)
			if a := string(k.Ack(first)); !strings.Contains(a, `"count":1`) {
				t.Errorf("limits %v: %s: %s", enabled, event, a)
			}
			a := string(k.Ack(second))
			if got, want := strings.Contains(a, `"code":"event_rate_limited"`), enabled || event == "presence_sync"; got != want {
				t.Errorf("limits %v: the second %s: %s", enabled, event, a)
			}
		}
	}
}
