package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/socketio"
)

// server is the server that the clients connect to.
func server(t *testing.T) string {
	t.Helper()
	s := socketio.NewServer(socketio.Config{
		Engine: engineio.Config{
			PingInterval: 200 * time.Millisecond,
			PingTimeout:  10 * time.Second,
			OnPanic:      func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) },
		},
		ConnectTimeout: 10 * time.Second,
	})
	register(t, s)
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", s)
	mux.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir("."))))
	mux.Handle("/client/", http.StripPrefix("/client/", http.FileServer(http.Dir(filepath.Join(modules, "socket.io-client", "dist")))))
	return listen(t, mux, s)
}

// modules is the directory of the npm packages.
var modules = filepath.Join("..", "node_modules")

// listen serves on a free port until the test ends. Then s must have no connection and
// no goroutine left.
func listen(t *testing.T, h http.Handler, s interface {
	Close(code int, reason string)
	Wait(ctx context.Context) error
}) string {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(func() {
		s.Close(1001, "over")
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.Wait(ctx); err != nil {
			t.Errorf("server still busy: %v", err)
		}
		web.CloseClientConnections()
		web.Close()
	})
	return web.URL
}

// register adds the namespaces and events that the clients use.
func register(t *testing.T, s *socketio.Server) {
	n := s.Of("/")
	var mu sync.Mutex
	watchers := map[string]*socketio.Socket{}
	n.OnDisconnect(func(s *socketio.Socket, why socketio.Reason) {
		mu.Lock()
		w := watchers[s.ID()]
		mu.Unlock()
		if w != nil {
			w.Emit("left", why)
		}
	})
	on := func(event string, h func(s *socketio.Socket, args socketio.Args, ack *socketio.Ack)) {
		n.On(event, func(_ context.Context, s *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
			h(s, args, ack)
		})
	}
	on("watch", func(s *socketio.Socket, args socketio.Args, _ *socketio.Ack) {
		var id string
		if err := args.Decode(&id); err != nil {
			t.Error(err)
		}
		mu.Lock()
		watchers[id] = s
		mu.Unlock()
	})
	on("echo", func(s *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
		if ack.Wanted() {
			ack.Reply(args.Any()...)
		} else {
			s.Emit("echoed", args.Any()...)
		}
	})
	n.On("inline", func(_ context.Context, _ *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
		ack.Reply(len(args))
	}, socketio.Inline)
	on("id", func(s *socketio.Socket, _ socketio.Args, ack *socketio.Ack) { ack.Reply(s.ID()) })
	on("transport", func(s *socketio.Socket, _ socketio.Args, ack *socketio.Ack) { ack.Reply(s.Conn().Transport()) })
	on("ask", func(s *socketio.Socket, _ socketio.Args, _ *socketio.Ack) {
		s.EmitWithAckFunc(t.Context(), func(args socketio.Args, err error) {
			if err != nil || len(args) != 2 {
				t.Errorf("answer %s %v", args, err)
				return
			}
			s.Emit("answered", args.Any()...)
		}, "question", 41, []byte{7, 8, 9})
	})
	on("swap", func(s *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
		var a, b socketio.Binary
		if args.Decode(&a, &b) != nil {
			t.Errorf("args %s", args)
		}
		ack.Reply(b, a)
	})
	on("count", func(s *socketio.Socket, args socketio.Args, _ *socketio.Ack) {
		count, _ := s.Value().(int)
		if want, _ := json.Marshal(count); args[0].String() != string(want) {
			t.Errorf("event %s came as number %d", args[0], count)
		}
		s.SetValue(count + 1)
	})
	on("counted", func(s *socketio.Socket, _ socketio.Args, ack *socketio.Ack) { ack.Reply(s.Value()) })
	on("flood", func(s *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
		var count int
		if err := args.Decode(&count); err != nil {
			t.Error(err)
		}
		for i := range count {
			s.Emit("n", i)
		}
		ack.Reply()
	})
	on("close me", func(s *socketio.Socket, _ socketio.Args, _ *socketio.Ack) { s.Conn().Close(4100, "draining") })
	on("end me", func(s *socketio.Socket, _ socketio.Args, _ *socketio.Ack) { end(t, s) })

	admin := s.Of("/admin")
	admin.Use(func(_ context.Context, _ *socketio.Socket, auth json.RawMessage) error {
		if string(auth) != `{"token":"good"}` {
			return &socketio.ConnectError{Message: "who are you?", Data: map[string]any{"code": "invalid_token", "retry": false}}
		}
		return nil
	})
	admin.On("where", func(_ context.Context, s *socketio.Socket, _ socketio.Args, ack *socketio.Ack) {
		ack.Reply(s.Namespace().Name())
	})

	later, seen := s.Of("/later"), map[string]bool{}
	later.Use(func(_ context.Context, _ *socketio.Socket, auth json.RawMessage) error {
		mu.Lock()
		defer mu.Unlock()
		if !seen[string(auth)] {
			seen[string(auth)] = true
			return &socketio.CloseError{Code: 4101, Reason: "slow consumer"}
		}
		return nil
	})

	kick := s.Of("/kick")
	kick.Use(func(_ context.Context, s *socketio.Socket, auth json.RawMessage) error {
		var v struct{ Delay int }
		if err := json.Unmarshal(auth, &v); err != nil {
			return err
		}
		s.SetValue(time.Duration(v.Delay) * time.Millisecond)
		return nil
	})
	kick.OnConnect(func(s *socketio.Socket) {
		delay, _ := s.Value().(time.Duration)
		time.AfterFunc(delay, func() { end(t, s) }) // at each stage of an upgrade
	})
}

// end ends a socket for good.
func end(t *testing.T, s *socketio.Socket) {
	last, err := socketio.EncodeEvent(s.Namespace().Name(), "session_ended", map[string]any{"code": "replaced", "reconnect": false})
	if err != nil {
		t.Error(err)
	}
	s.Emit("before the end")
	s.End(4001, "replaced", last)
	s.Emit("after the end")
}

// need skips the test if the named thing is missing, except in CI.
func need(t *testing.T, what string, found bool) {
	t.Helper()
	if found {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing", what)
	}
	t.Skipf("%s is missing", what)
}

// choices are the transport settings of a client: one transport, or the default, which
// starts with polling and upgrades.
var choices = []string{"websocket", "polling", "default"}

// TestOfficialClients: socket.io-client of three versions, in node.
func TestOfficialClients(t *testing.T) {
	for _, client := range []string{"socket.io-client", "socket.io-client-4.0", "socket.io-client-3.1"} {
		node := needNode(t, client)
		for _, transports := range choices {
			t.Run(client+"/"+transports, func(t *testing.T) {
				t.Parallel() // most of it is waiting
				run(t, node, "client.mjs", server(t), client, transports)
			})
		}
	}
}

// TestChromium: the same in a browser, whose websockets and requests are its own.
func TestChromium(t *testing.T) {
	node := needNode(t, "playwright-core")
	needNode(t, "socket.io-client")
	_, err := exec.LookPath("chromium")
	need(t, "chromium", err == nil || os.Getenv("CHROMIUM") != "")
	for _, transports := range choices {
		t.Run(transports, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			run(t, node, "chromium.mjs", server(t), transports)
		})
	}
}

// TestPythonClient: python-socketio of both kinds.
func TestPythonClient(t *testing.T) {
	const python = "/usr/bin/python3" // the system's, which sees the system's packages
	err := exec.Command(python, "-c", "import socketio, aiohttp, requests, websocket").Run()
	need(t, "python3-socketio with aiohttp, requests and websocket", err == nil)
	for _, kind := range []string{"threads", "asyncio"} {
		for _, transports := range choices {
			t.Run(kind+"/"+transports, func(t *testing.T) {
				t.Parallel() // most of it is waiting
				run(t, python, "client.py", server(t), transports, kind)
			})
		}
	}
}

// TestEngineClient: engine.io-client, against package engineio alone.
func TestEngineClient(t *testing.T) {
	node := needNode(t, "engine.io-client")
	for _, transports := range choices {
		t.Run(transports, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			run(t, node, "engine.mjs", bareServer(t), transports)
		})
	}
}

// bareServer is an Engine.IO echo server.
func bareServer(t *testing.T) string {
	t.Helper()
	s := engineio.NewServer(engineio.Config{
		PingInterval: 200 * time.Millisecond,
		PingTimeout:  10 * time.Second,
		MaxQueue:     256 << 10,
		Subprotocols: []string{"echo"},
		OnPanic:      func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) },
	}, func(c *engineio.Conn, _ *http.Request) (engineio.Receiver, error) { return echo{c}, nil })
	return listen(t, s, s)
}

type echo struct{ conn *engineio.Conn }

func (e echo) Message(data []byte, binary bool) {
	switch {
	case binary:
		e.conn.Send(engineio.Binary(data))
	case string(data) == "burst":
		for range 3000 {
			e.conn.Send(engineio.Text(bytes.Repeat([]byte("x"), 100)))
		}
	case string(data) == "large":
		e.conn.Send(engineio.Text(bytes.Repeat([]byte("x"), 300_000)))
	case string(data) == "close me":
		e.conn.Close(1001, "as you wish")
	case string(data) == "end me":
		e.conn.End(1000, "as you wish", engineio.Text([]byte("last words")))
	default:
		e.conn.Send(engineio.Text(data))
	}
}

func (e echo) Closed(engineio.Closure) {}

// needNode returns the path of node, and skips the test if node or a package is missing.
func needNode(t *testing.T, module string) string {
	t.Helper()
	node, err := exec.LookPath("node")
	need(t, "node", err == nil)
	_, err = os.Stat(filepath.Join(modules, module))
	need(t, "e2e/node_modules/"+module+" (npm ci)", err == nil)
	return node
}

// run runs a client, which reports its errors itself.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
