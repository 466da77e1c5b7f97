package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

// memoryBound is the maximum resident memory under any attack of this file, see
// docs/security.md.
const memoryBound = 150 << 20

// databaseFiles is the number of files that additional database readers may keep open:
// up to four readers with three files each.
const databaseFiles = 12

// TestHostile: besides five normal clients, attackers run every attack with a few
// hundred connections from their own addresses. Every ping of the five is answered on
// their first connection, the process keeps its bounds, and nothing is left open
// afterwards.
//
// It runs again without the limits by address and rate, which stop most attacks: the
// code behind them must withstand the attacks too.
func TestHostile(t *testing.T) {
	for name, limits := range map[string]string{"limits": "true", "no limits": "false"} {
		t.Run(name, func(t *testing.T) {
			hostile(t, harness.Start(t, // without TLS the floods reach further; TLS has TestSEC36_Unfinished
				harness.Set("tls.mode", "off"), harness.Set("server.listen", "127.0.0.1:5000"), harness.Set("ratelimit.enabled", limits),
				harness.Set("seat.limit", "5"), harness.Set("socketio.ping_timeout", "2m")), limits == "true")
		})
	}
}

func hostile(t *testing.T, s *harness.Server, limited bool) {
	tokens := outsiders(t, s)
	people := settle(t, s)
	for _, a := range []struct {
		name     string
		run      func(*attacker)
		contacts int64 // minimum number of connections of the attack
	}{
		{"SEC36 unauthenticated sockets", (*attacker).unauthenticated, 200},
		{"SEC37 slow headers and bodies", (*attacker).slowloris, 200},
		{"SEC37 floods of headers", (*attacker).headers, 8},
		{"SEC38 frames that lie and connections half open", (*attacker).lies, 200},
		{"SEC41 floods of polls", (*attacker).polls, 8},
		{"SEC43 floods of upgrades", (*attacker).upgrades, 100},
		{"SEC44 floods of pings", (*attacker).pings, 8},
		{"SEC46 slow readers", (*attacker).slowReaders, 10},
	} {
		t.Run(a.name, func(t *testing.T) {
			before, answered := s.Descriptors(), people.answered.Load()
			at := newAttacker(t, s, time.Second)
			at.tokens = tokens
			a.run(at)
			if n := at.contacts.Load(); n < a.contacts {
				t.Errorf("%d connections only, the attack did not take place", n)
			} else {
				t.Logf("%d connections", n)
			}
			people.goOn(t, answered)
			bounded(t, s, memoryBound)
			most := before + databaseFiles
			harness.Eventually(t, fmt.Sprintf("%d open files again", most), func() bool { return s.Descriptors() <= most })
		})
	}
	if limited {
		people.part(t)
		return
	}
	// A client without limits that reads nothing is disconnected.
	at := newAttacker(t, s, harness.Patience)
	at.tokens = tokens
	var attack sync.WaitGroup
	attack.Go(at.slowReaders)
	harness.Eventually(t, "a slow reader is put out", func() bool { return len(s.Logged("slow consumer closed")) > 0 })
	at.stop()
	attack.Wait()
	bounded(t, s, memoryBound)
	people.part(t)
}

// unfinishedBound is memoryBound for unauthenticated connections.
const unfinishedBound = 100 << 20

// TestSEC36_Unfinished: ten thousand connections that send nothing, or stop during the
// TLS handshake, cost little memory and are closed soon.
func TestSEC36_Unfinished(t *testing.T) {
	crowd := min(10_000, openFiles(t)-1000)
	s := harness.Start(t, harness.Set("seat.limit", "5"), harness.Set("socketio.ping_timeout", "2m"))
	people := settle(t, s)
	before := s.Descriptors()
	at := newAttacker(t, s, harness.Patience)
	conns := make([]net.Conn, crowd)
	at.many(20, func(worker int) {
		for i := worker; i < crowd; i += 20 {
			c, err := at.dial(i)
			if err != nil {
				continue // counted below
			}
			if i%2 == 0 { // a ClientHello that promises 512 bytes and has ten
				_, _ = io.WriteString(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcd") // the server may have closed
			}
			conns[i] = c
		}
	})
	if n := int(at.contacts.Load()); n < crowd {
		t.Errorf("%d connections only", n)
	}
	people.goOn(t, people.answered.Load())
	bounded(t, s, unfinishedBound)
	at.many(crowd, func(i int) {
		if conns[i] == nil {
			return
		}
		// The server closes it, not the attacker's deadline.
		if _, err := io.Copy(io.Discard, conns[i]); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("connection %d is still open", i)
		}
	})
	people.goOn(t, people.answered.Load())
	bounded(t, s, unfinishedBound)
	harness.Eventually(t, "no connection left", func() bool { return s.Descriptors() <= before+databaseFiles })
	people.part(t)
}

// bounded checks the process's memory.
func bounded(t *testing.T, s *harness.Server, bound int64) {
	t.Helper()
	peak, ok := s.PeakMemory()
	t.Logf("peak %d MiB", peak>>20)
	if ok && peak > bound {
		t.Errorf("%d MiB resident, the bound is %d", peak>>20, bound>>20)
	}
}

// openFiles is the limit of open files for this process and those it starts.
func openFiles(t *testing.T) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return int(min(limit.Cur, 1<<30))
}

// outsiders returns accounts for authenticated attackers and their tokens.
func outsiders(t *testing.T, s *harness.Server) (tokens []string) {
	t.Helper()
	var accounts []harness.Account
	var names []string
	for i := range 4 {
		names = append(names, fmt.Sprintf("kisi%02d", i))
		accounts = append(accounts, harness.Account{Username: names[i]})
	}
	s.Must("user", "import", harness.ImportFile(t, accounts...))
	for _, token := range s.Issue(names...) {
		s.Socket(token).Leave()
		tokens = append(tokens, token)
	}
	return tokens
}

// bystanders are normal clients that ping continuously.
type bystanders struct {
	sockets  []*harness.Socket
	stop     context.CancelFunc
	pinging  sync.WaitGroup
	answered atomic.Int64
	failed   chan error
}

// settle registers five users, on every transport. Each pings at most ten times a
// second, half of the limit.
func settle(t *testing.T, s *harness.Server) *bystanders {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	b := &bystanders{stop: cancel, failed: make(chan error, 5)}
	tokens := s.Issue(harness.People()[:5]...)
	for i, name := range harness.People()[:5] {
		k := s.Dial(harness.Dial{Token: tokens[name], Transport: transports[i%3]})
		k.Register()
		b.sockets = append(b.sockets, k)
		b.pinging.Go(func() {
			if err := b.ping(ctx, k); err != nil {
				b.failed <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	t.Cleanup(func() { cancel(); b.pinging.Wait() })
	b.goOn(t, 0) // and what the server opens only once is open
	return b
}

// ping pings until the context ends.
func (b *bystanders) ping(ctx context.Context, k *harness.Socket) error {
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for id := 1000; ; id++ {
		k.TryRaw(fmt.Sprintf(`42%d["ping_manual",%d]`, id, id))
		var echo struct{ Echo int }
		for _, want := range []harness.Kind{harness.Ack, harness.Event} {
			p, err := k.Wait(func(p harness.Packet) bool {
				return p.Kind == harness.Closed || p.Kind == want && (p.ID == id || p.Name == "pong_manual")
			})
			if err != nil {
				return err
			}
			if p.Kind == harness.Closed || len(p.Args) != 1 || json.Unmarshal(p.Args[0], &echo) != nil || echo.Echo != id {
				return fmt.Errorf("ping %d was answered by %v", id, p)
			}
		}
		b.answered.Add(1)
		select {
		case <-pace.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// goOn requires all of them to be connected and to receive the given number of further
// answers.
func (b *bystanders) goOn(t *testing.T, answered int64) {
	t.Helper()
	harness.Eventually(t, "pings are answered", func() bool {
		select {
		case err := <-b.failed:
			t.Fatal(err)
		default:
		}
		return b.answered.Load() >= answered+10
	})
}

// part ends the pings; none of the clients may have lost an answer.
func (b *bystanders) part(t *testing.T) {
	t.Helper()
	b.stop()
	b.pinging.Wait()
	close(b.failed)
	for err := range b.failed {
		t.Error(err)
	}
	t.Logf("%d pings were answered", b.answered.Load())
}
