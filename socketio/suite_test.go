package socketio

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/turnike/turnike/engineio"
)

// The cases of the protocol's own test suite, with their names:
// https://github.com/socketio/socket.io/tree/main/docs/socket.io-protocol/v5-test-suite

// suiteServer registers the handlers that the suite expects.
func suiteServer(s *Server) {
	auths := func(n *Namespace) {
		n.Use(func(_ context.Context, s *Socket, auth json.RawMessage) error {
			if auth == nil {
				auth = json.RawMessage("{}")
			}
			s.SetValue(auth)
			return nil
		})
		n.OnConnect(func(s *Socket) { s.Emit("auth", s.Value()) })
	}
	auths(s.Of("/"))
	auths(s.Of("/custom"))
	s.Of("/").On("message", func(_ context.Context, s *Socket, args Args, _ *Ack) {
		s.Emit("message-back", args.Any()...)
	})
	s.Of("/").On("message-with-ack", func(_ context.Context, _ *Socket, args Args, ack *Ack) {
		ack.Reply(args.Any()...)
	})
}

// suiteConfig returns the suite's configuration; beat selects the suite's heartbeat.
func suiteConfig(beat bool) Config {
	cfg := Config{Engine: engineio.Config{MaxPayload: 1000000}}
	if beat {
		cfg.Engine.PingInterval, cfg.Engine.PingTimeout = 300*time.Millisecond, 200*time.Millisecond
	}
	return cfg
}

// ask sends an HTTP request and returns status and body.
func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// session opens a polling session and returns its address.
func session(t *testing.T, url string) string {
	t.Helper()
	status, body := ask(t, "GET", url+suitePath+"&transport=polling", "")
	var open struct{ SID string }
	if status != 200 || json.Unmarshal([]byte(body[1:]), &open) != nil || open.SID == "" {
		t.Fatalf("handshake: %d %q", status, body)
	}
	return url + suitePath + "&transport=polling&sid=" + open.SID
}

const suitePath = "/socket.io/?EIO=4"

// upgrade opens a websocket beside a session.
func upgrade(t *testing.T, session string) (*peer, error) {
	t.Helper()
	address := strings.Replace(strings.Replace(session, "polling", "websocket", 1), "http", "ws", 1)
	conn, br, _, err := ws.Dial(t.Context(), address)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(testPatience))
	if br != nil {
		return &peer{t, early{conn, br}}, nil
	}
	return &peer{t, conn}, nil
}

// opens checks an open packet of the suite.
func opens(t *testing.T, packet, upgrades string) {
	t.Helper()
	var v map[string]json.RawMessage
	if packet == "" || packet[0] != '0' || json.Unmarshal([]byte(packet[1:]), &v) != nil || len(v) != 5 || len(v["sid"]) < 3 {
		t.Fatalf("open packet %q", packet)
	}
	for key, want := range map[string]string{"upgrades": upgrades, "pingInterval": "300", "pingTimeout": "200", "maxPayload": "1000000"} {
		if string(v[key]) != want {
			t.Errorf("%s is %s, want %s", key, v[key], want)
		}
	}
}

func TestSuiteEngineHandshake(t *testing.T) {
	url, _ := serve(t, suiteConfig(true), suiteServer)
	refused := func(t *testing.T, method string, queries ...string) {
		t.Helper()
		for _, q := range queries {
			if status, body := ask(t, method, url+"/socket.io/?"+q, ""); status != 400 {
				t.Errorf("%s %s: %d %s", method, q, status, body)
			}
		}
	}
	notOpened := func(t *testing.T, queries ...string) {
		t.Helper()
		for _, q := range queries {
			if p, err := upgrade(t, url+"/socket.io/?"+q); err == nil {
				t.Errorf("%s was opened: %q", q, p.read())
			}
		}
	}
	t.Run("HTTP long-polling", func(t *testing.T) {
		t.Run("should successfully open a session", func(t *testing.T) {
			status, body := ask(t, "GET", url+suitePath+"&transport=polling", "")
			if status != 200 {
				t.Errorf("status %d", status)
			}
			opens(t, body, `["websocket"]`)
		})
		t.Run("should fail with an invalid 'EIO' query parameter", func(t *testing.T) {
			refused(t, "GET", "transport=polling", "EIO=abc&transport=polling")
		})
		t.Run("should fail with an invalid 'transport' query parameter", func(t *testing.T) {
			refused(t, "GET", "EIO=4", "EIO=4&transport=abc")
		})
		t.Run("should fail with an invalid request method", func(t *testing.T) {
			refused(t, "POST", "EIO=4&transport=polling")
			refused(t, "PUT", "EIO=4&transport=polling")
		})
	})
	t.Run("WebSocket", func(t *testing.T) {
		t.Run("should successfully open a session", func(t *testing.T) {
			p, err := upgrade(t, url+suitePath+"&transport=websocket")
			if err != nil {
				t.Fatal(err)
			}
			opens(t, p.read(), `[]`)
		})
		t.Run("should fail with an invalid 'EIO' query parameter", func(t *testing.T) {
			notOpened(t, "transport=websocket", "EIO=abc&transport=websocket")
		})
		t.Run("should fail with an invalid 'transport' query parameter", func(t *testing.T) {
			notOpened(t, "EIO=4", "EIO=4&transport=abc")
		})
	})
}

func TestSuiteEngineHeartbeat(t *testing.T) {
	cfg := suiteConfig(true)
	cfg.Engine.PingInterval = 20 * time.Millisecond
	patient := cfg
	patient.Engine.PingTimeout = testPatience
	t.Run("HTTP long-polling", func(t *testing.T) {
		t.Run("should send ping/pong packets", func(t *testing.T) {
			url, _ := serve(t, patient, suiteServer)
			s := session(t, url)
			for range 3 {
				if status, body := ask(t, "GET", s, ""); status != 200 || body != "2" {
					t.Errorf("GET: %d %q", status, body)
				}
				if status, body := ask(t, "POST", s, "3"); status != 200 {
					t.Errorf("POST: %d %q", status, body)
				}
			}
		})
		t.Run("should close the session upon ping timeout", func(t *testing.T) {
			url, _ := serve(t, cfg, suiteServer)
			s := session(t, url)
			for status := 200; status != 400; { // a poll may get the ping, and one the close
				var body string
				if status, body = ask(t, "GET", s, ""); status == 200 && body != "2" && body != "1" {
					t.Fatalf("GET: %q", body)
				}
			}
		})
	})
	t.Run("WebSocket", func(t *testing.T) {
		t.Run("should send ping/pong packets", func(t *testing.T) {
			url, _ := serve(t, patient, suiteServer)
			p := dial(t, url)
			for range 3 {
				p.expect("2")
				p.send("3")
			}
		})
		t.Run("should close the session upon ping timeout", func(t *testing.T) {
			url, _ := serve(t, cfg, suiteServer)
			p := dial(t, url)
			p.expect("2")
			if n, err := p.conn.Read(make([]byte, 1)); err == nil {
				t.Errorf("%d bytes", n)
			}
		})
	})
}

func TestSuiteEngineClose(t *testing.T) {
	url, _ := serve(t, suiteConfig(false), suiteServer)
	t.Run("HTTP long-polling/should forcefully close the session", func(t *testing.T) {
		s := session(t, url)
		poll := make(chan string, 1)
		go func() {
			status, body := ask(t, "GET", s, "")
			if status == 400 { // it came after the POST
				body = "6"
			}
			poll <- body
		}()
		if status, body := ask(t, "POST", s, "1"); status != 200 || body != "ok" {
			t.Errorf("POST: %d %q", status, body)
		}
		if body := receive(t, poll); body != "6" {
			t.Errorf("poll: %q", body)
		}
		if status, body := ask(t, "GET", s, ""); status != 400 {
			t.Errorf("GET: %d %q", status, body)
		}
	})
	t.Run("WebSocket/should forcefully close the session", func(t *testing.T) {
		p := dial(t, url)
		p.send("1")
		p.closed("1000")
	})
}

func TestSuiteEngineUpgrade(t *testing.T) {
	url, _ := serve(t, suiteConfig(false), suiteServer)
	upgraded := func(t *testing.T) (address string, p *peer) {
		t.Helper()
		s := session(t, url)
		p, err := upgrade(t, s)
		if err != nil {
			t.Fatal(err)
		}
		p.send("2probe")
		if got := p.read(); got != "3probe" {
			t.Errorf("got %q", got)
		}
		p.send("5")
		p.join("") // ensures that the upgrade was read
		p.expect(`2["auth",{}]`)
		return s, p
	}
	t.Run("should successfully upgrade from HTTP long-polling to WebSocket", func(t *testing.T) { upgraded(t) })
	t.Run("should ignore HTTP requests with same sid after upgrade", func(t *testing.T) {
		s, p := upgraded(t)
		if status, body := ask(t, "GET", s, ""); status != 400 {
			t.Errorf("GET: %d %q", status, body)
		}
		p.send(`42["message"]`)
		p.expect(`2["message-back"]`)
	})
	t.Run("should ignore WebSocket connection with same sid after upgrade", func(t *testing.T) {
		s, p := upgraded(t)
		second, err := upgrade(t, s)
		if err != nil {
			t.Fatal(err)
		}
		second.closed("1008")
		p.send(`42["message"]`)
		p.expect(`2["message-back"]`)
	})
}

func TestSuiteConnect(t *testing.T) {
	url, _ := serve(t, suiteConfig(false), suiteServer)
	for name, tt := range map[string]struct{ send, prefix, auth string }{
		"should allow connection to the main namespace":                  {`40`, `40{"sid":"`, `42["auth",{}]`},
		"should allow connection to the main namespace with a payload":   {`40{"token":"123"}`, `40{"sid":"`, `42["auth",{"token":"123"}]`},
		"should allow connection to a custom namespace":                  {`40/custom,`, `40/custom,{"sid":"`, `42/custom,["auth",{}]`},
		"should allow connection to a custom namespace with a payload":   {`40/custom,{"token":"abc"}`, `40/custom,{"sid":"`, `42/custom,["auth",{"token":"abc"}]`},
		"should allow connection to a custom namespace, without a comma": {`40/custom`, `40/custom,{"sid":"`, `42/custom,["auth",{}]`}, // not in the suite
	} {
		t.Run(name, func(t *testing.T) {
			p := dial(t, url)
			p.send(tt.send)
			sid, ok := strings.CutPrefix(p.read(), tt.prefix)
			if !ok || len(sid) < 12 || !strings.HasSuffix(sid, `"}`) {
				t.Errorf("connect answered %q", sid)
			}
			if got := p.read(); got != tt.auth {
				t.Errorf("got %q, want %q", got, tt.auth)
			}
		})
	}
	t.Run("should disallow connection to an unknown namespace", func(t *testing.T) {
		p := dial(t, url)
		p.send("40/random")
		if got := p.read(); got != `44/random,{"message":"Invalid namespace"}` {
			t.Errorf("got %q", got)
		}
	})
	t.Run("should disallow connection with an invalid handshake", func(t *testing.T) {
		p := dial(t, url)
		p.send("4abc")
		p.closed("1002")
	})
	t.Run("should close the connection if no handshake is received", func(t *testing.T) {
		cfg := suiteConfig(false)
		cfg.ConnectTimeout = 50 * time.Millisecond
		url, _ := serve(t, cfg, suiteServer)
		p := dial(t, url)
		p.closed("1008")
	})
}

func TestSuiteDisconnect(t *testing.T) {
	cfg := suiteConfig(true)
	cfg.Engine.PingTimeout = testPatience
	url, _ := serve(t, cfg, suiteServer)
	connected := func(t *testing.T) *peer {
		t.Helper()
		p := dial(t, url)
		p.join("")
		p.expect(`2["auth",{}]`)
		return p
	}
	t.Run("should disconnect from the main namespace", func(t *testing.T) {
		p := connected(t)
		p.send("41")
		p.expect("2")
	})
	t.Run("should connect then disconnect from a custom namespace", func(t *testing.T) {
		p := connected(t)
		p.expect("2")
		p.send("40/custom")
		if got := p.read(); !strings.HasPrefix(got, `40/custom,{"sid":"`) {
			t.Errorf("got %q", got)
		}
		p.expect(`2/custom,["auth",{}]`)
		p.send("41/custom")
		p.send(`42["message","message to main namespace"]`)
		p.expect(`2["message-back","message to main namespace"]`)
	})
}

func TestSuiteMessage(t *testing.T) {
	url, _ := serve(t, suiteConfig(false), suiteServer)
	for name, tt := range map[string]struct{ send, want []string }{
		"should send a plain-text packet": {
			[]string{`42["message",1,"2",{"3":[true]}]`}, []string{`2["message-back",1,"2",{"3":[true]}]`}},
		"should send a packet with binary attachments": {
			[]string{`452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b:\x01\x02\x03", "b:\x04\x05\x06"},
			[]string{`52-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b:\x01\x02\x03", "b:\x04\x05\x06"}},
		"should send a plain-text packet with an ack": {
			[]string{`42456["message-with-ack",1,"2",{"3":[false]}]`}, []string{`3456[1,"2",{"3":[false]}]`}},
		"should send a packet with binary attachments and an ack": {
			[]string{`452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b:\x01\x02\x03", "b:\x04\x05\x06"},
			[]string{`62-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b:\x01\x02\x03", "b:\x04\x05\x06"}},
		"should close the connection upon invalid format (unknown packet type)":    {[]string{`4abc`}, []string{"close:1002"}},
		"should close the connection upon invalid format (invalid payload format)": {[]string{`42{}`}, []string{"close:1002"}},
		"should close the connection upon invalid format (invalid ack id)": {
			[]string{`42abc["message-with-ack",1,"2",{"3":[false]}]`}, []string{"close:1002"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := dial(t, url)
			p.join("")
			p.expect(`2["auth",{}]`)
			for _, m := range tt.send {
				if data, ok := strings.CutPrefix(m, "b:"); ok {
					p.binary(data)
				} else {
					p.send(m)
				}
			}
			p.expect(tt.want...)
		})
	}
}
