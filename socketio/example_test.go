package socketio_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/turnike/turnike/socketio"
)

func Example() {
	server := socketio.NewServer(socketio.Config{})
	chat := server.Of("/")
	chat.Use(func(_ context.Context, _ *socketio.Socket, auth json.RawMessage) error {
		if len(auth) == 0 {
			return &socketio.ConnectError{Message: "who are you?"}
		}
		return nil
	})
	chat.On("hello", func(_ context.Context, s *socketio.Socket, args []json.RawMessage, ack *socketio.Ack) {
		if err := ack.Reply("hello", s.ID()); err != nil {
			fmt.Println(err)
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", server)
}

// One encoding serves any number of sockets.
func ExampleEncodeEvent() {
	var everyone []*socketio.Socket
	payload, err := socketio.EncodeEvent("/", "news", map[string]int{"seq": 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range everyone {
		s.Send(payload)
	}
	fmt.Println(payload.Packets(), "packet of", payload.Len(), "bytes")
	// Output: 1 packet of 22 bytes
}

// The last thing a client hears.
func ExampleSocket_End() {
	kick := func(s *socketio.Socket) error {
		last, err := socketio.EncodeEvent(s.Namespace().Name(), "goodbye", "too many of you")
		if err != nil {
			return err
		}
		s.End(4001, "replaced", last)
		return nil
	}
	_ = kick
}
