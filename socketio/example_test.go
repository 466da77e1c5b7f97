package socketio_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/turnike/turnike/socketio"
)

// Events with acknowledgements. The lines printed are the packets on the wire.
func Example() {
	server := socketio.NewServer(socketio.Config{})
	chat := server.Of("/")
	chat.OnConnect(func(s *socketio.Socket) { _ = s.Emit("welcome", "ada") })
	chat.On("add", func(_ context.Context, _ *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
		sum := 0
		for _, arg := range args {
			var n int
			if err := arg.Decode(&n); err != nil {
				_ = ack.Reply(map[string]string{"error": "not a number"})
				return
			}
			sum += n
		}
		_ = ack.Reply(sum)
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", server)

	client := dial(mux, server)
	defer client.close()
	client.say("40")             // CONNECT
	client.hear(2)               // its answer, and the event
	client.say(`427["add",1,2]`) // an event that wants an answer, by the id 7
	client.hear(1)
	client.say(`428["add","x"]`)
	client.hear(1)
	// Output:
	// 40{"sid":"…"}
	// 42["welcome","ada"]
	// 437[3]
	// 438[{"error":"not a number"}]
}

// A check at CONNECT that refuses with data: official clients receive a connect_error
// and do not retry.
func ExampleNamespace_Use() {
	server := socketio.NewServer(socketio.Config{})
	server.Of("/admin").Use(func(_ context.Context, s *socketio.Socket, auth json.RawMessage) error {
		var in struct{ Token string }
		if json.Unmarshal(auth, &in) != nil || in.Token != "secret" {
			return &socketio.ConnectError{Message: "who are you?", Data: map[string]any{"code": "invalid_token", "retry": false}}
		}
		s.SetValue("root")
		return nil
	})
	client := dial(server, server)
	defer client.close()
	client.say(`40/admin,{"token":"guess"}`)
	client.hear(1)
	client.say(`40/admin,{"token":"secret"}`)
	client.hear(1)
	client.say("40/nowhere,")
	client.hear(1)
	// Output:
	// 44/admin,{"message":"who are you?","data":{"code":"invalid_token","retry":false}}
	// 40/admin,{"sid":"…"}
	// 44/nowhere,{"message":"Invalid namespace"}
}

// Rooms, and an event to all members of a room.
func ExampleNamespace_To() {
	server := socketio.NewServer(socketio.Config{})
	chat := server.Of("/")
	chat.On("join", func(_ context.Context, s *socketio.Socket, args socketio.Args, ack *socketio.Ack) {
		var room string
		if err := args.Decode(&room); err != nil {
			return
		}
		s.Join(room)
		_ = ack.Reply(s.Rooms())
	})
	chat.On("say", func(_ context.Context, s *socketio.Socket, args socketio.Args, _ *socketio.Ack) {
		_ = chat.To("tea", "coffee").Without(s).Emit("said", args[0])
	})

	ada, bob := dial(server, server), dial(server, server)
	defer bob.close()
	defer ada.close()
	ada.say("40")
	ada.hear(1)
	bob.say("40")
	bob.hear(1)
	bob.say(`420["join","tea"]`)
	bob.hear(1)
	ada.say(`420["join","coffee"]`)
	ada.hear(1)
	ada.say(`42["say","hello"]`) // to all except the sender
	bob.hear(1)
	// Output:
	// 40{"sid":"…"}
	// 40{"sid":"…"}
	// 430[["tea"]]
	// 430[["coffee"]]
	// 42["said","hello"]
}

// Binary data in both directions: here by long-polling, where it is base64 after
// the letter b. The server asks, and the client's answer is binary, too.
func ExampleSocket_EmitWithAck() {
	server := socketio.NewServer(socketio.Config{})
	files := server.Of("/")
	files.On("upload", func(ctx context.Context, s *socketio.Socket, args socketio.Args, _ *socketio.Ack) {
		var data []byte
		if err := args.Decode(&data); err != nil {
			return
		}
		answer, err := s.EmitWithAck(ctx, "stored", map[string]any{"size": len(data), "data": data})
		var copied socketio.Binary
		if err == nil && answer.Decode(&copied) == nil {
			fmt.Println("the client has", copied)
		}
		_ = s.Emit("done")
	})
	client := dial(server, server)
	defer client.close()
	client.say("40")
	client.hear(1)
	client.say(`451-["upload",{"_placeholder":true,"num":0}]`, "bAQID")
	client.hear(2)
	client.say(`461-0[{"_placeholder":true,"num":0}]`, "bAQID")
	client.hear(1)
	// Output:
	// 40{"sid":"…"}
	// 451-0["stored",{"data":{"_placeholder":true,"num":0},"size":3}]
	// bAQID
	// the client has [1 2 3]
	// 42["done"]
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

// A last event, and the end of the connection.
func ExampleSocket_End() {
	server := socketio.NewServer(socketio.Config{})
	server.Of("/").On("misbehave", func(_ context.Context, s *socketio.Socket, _ socketio.Args, _ *socketio.Ack) {
		last, err := socketio.EncodeEvent("/", "goodbye", "too many of you")
		if err != nil {
			return
		}
		s.End(4001, "replaced", last)
	})
	client := dial(server, server)
	defer client.close()
	client.say("40")
	client.hear(1)
	client.say(`42["misbehave"]`)
	client.hear(2)
	client.hear(1) // in an answer of its own
	// Output:
	// 40{"sid":"…"}
	// 42["goodbye","too many of you"]
	// 41
	// 1
}
