package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/socketio"
)

// referenceServer has the same namespaces and events as the server that the official
// client's own tests use.
func referenceServer(t *testing.T) string {
	t.Helper()
	s := socketio.NewServer(socketio.Config{RecoverFor: 2 * time.Minute, Engine: engineio.Config{
		PingInterval: 2 * time.Second,
		OnPanic:      func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) },
	}})
	for _, name := range []string{"timeout_socket", "valid", "asd"} {
		s.Of(name)
	}
	getID := func(_ context.Context, s *socketio.Socket, _ socketio.Args, ack *socketio.Ack) { ack.Reply(s.ID()) }
	s.Of("foo").On("getId", getID)
	s.Of("abc").OnConnect(func(s *socketio.Socket) { s.Emit("handshake", s.Handshake()) })
	s.Of("no").Use(func(context.Context, *socketio.Socket, json.RawMessage) error {
		return &socketio.ConnectError{Message: "Auth failed (custom namespace)", Data: map[string]any{"why": []byte{1, 2}}}
	})
	main := s.Of("/")
	main.Use(func(_ context.Context, s *socketio.Socket, _ json.RawMessage) error {
		if s.Handshake().Query.Get("fail") != "" {
			return &socketio.ConnectError{Message: "Auth failed (main namespace)"}
		}
		return nil
	})
	main.On("getId", getID)
	main.OnConnect(referenceEvents(t))
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", s)
	return listen(t, mux, s)
}

// referenceEvents adds the events of the main namespace to each socket, as the
// reference's users do.
func referenceEvents(t *testing.T) func(s *socketio.Socket) {
	emit := func(event string, args ...any) socketio.Handler {
		return func(_ context.Context, s *socketio.Socket, _ socketio.Args, _ *socketio.Ack) { s.Emit(event, args...) }
	}
	// expect answers when the first argument is as wanted.
	expect := func(answer string, good func(a socketio.Arg) bool) socketio.Handler {
		return func(_ context.Context, s *socketio.Socket, args socketio.Args, _ *socketio.Ack) {
			if good(args[0]) {
				s.Emit(answer)
			} else {
				t.Errorf("no %s: %s", answer, args)
			}
		}
	}
	isBuffer := func(a socketio.Arg) bool { _, ok := a.Binary(); return ok }
	mixed := func(a socketio.Arg) bool {
		var in struct {
			Hello, Goodbye string
			Message        socketio.Binary
		}
		return a.Decode(&in) == nil && in.Hello == "lol" && len(in.Message) > 0 && in.Goodbye == "gotcha"
	}
	return func(s *socketio.Socket) {
		s.On("hi", emit("hi"))
		s.On("echo", func(_ context.Context, _ *socketio.Socket, args socketio.Args, ack *socketio.Ack) { ack.Reply(args[0]) })
		s.On("ack", func(_ context.Context, s *socketio.Socket, _ socketio.Args, _ *socketio.Ack) {
			s.EmitWithAckFunc(s.Context(), func(args socketio.Args, err error) {
				var n int
				var in struct{ Test bool }
				if err == nil && args.Decode(&n, &in) == nil && n == 5 && in.Test {
					s.Emit("got it")
				}
			}, "ack")
		})
		s.On("getAckDate", func(_ context.Context, _ *socketio.Socket, _ socketio.Args, ack *socketio.Ack) { ack.Reply(time.Now()) })
		s.On("getDate", emit("takeDate", time.Now()))
		s.On("getDateObj", emit("takeDateObj", map[string]any{"date": time.Now()}))
		s.On("getUtf8", emit("takeUtf8", "てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string"))
		s.On("false", emit("false", false))
		s.On("doge", emit("doge", []byte("asdfasdf")))
		s.On("getbin", emit("takebin", map[string]any{"deep": []any{[]byte("asdfasdf")}}))
		s.On("buffa", expect("buffack", isBuffer))
		s.On("jsonbuff", expect("jsonbuff-ack", mixed))
		s.On("text", expect("textack", func(a socketio.Arg) bool { return !a.HasBinary() }))
		s.On("getHandshake", func(_ context.Context, s *socketio.Socket, _ socketio.Args, ack *socketio.Ack) {
			ack.Reply(s.Handshake())
		})
		s.On("kick", func(_ context.Context, s *socketio.Socket, _ socketio.Args, _ *socketio.Ack) { s.Disconnect() })
	}
}

// TestReferenceServer: the server behaves as the official client's own tests require.
func TestReferenceServer(t *testing.T) {
	node := needNode(t, "socket.io-client")
	for _, transports := range choices {
		t.Run(transports, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			run(t, node, "reference.mjs", referenceServer(t), transports)
		})
	}
}
