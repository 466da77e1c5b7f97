package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// official lists the official clients, as installed from their registries.
var official = []struct{ name, interpreter, script, pkg string }{
	{"socket.io-client 4.8", "node", "node.mjs", "socket.io-client"},
	{"socket.io-client 4.0", "node", "node.mjs", "socket.io-client-4.0"},
	{"socket.io-client 3.1", "node", "node.mjs", "socket.io-client-3.1"},
	{"python-socketio", "/usr/bin/python3", "python.py", "-"},
}

// TestOfficialClients: login, register, presence, reconnection after a drain, a refusal,
// a kick with its reason and without reconnection, and an invalid token, as an
// application sees them.
func TestOfficialClients(t *testing.T) {
	t.Parallel()
	for _, c := range official {
		for _, transport := range []string{"websocket", "polling", "default"} {
			t.Run(c.name+" "+transport, func(t *testing.T) {
				t.Parallel()
				needed(t, c.interpreter, c.script)
				start := func(s *harness.Server, mode, username string, token ...string) *harness.Official {
					return s.Official(c.interpreter, c.script, append([]string{c.pkg, s.URL, transport, mode, username, harness.Password}, token...)...)
				}
				officialClient(t, start, c.interpreter == "node")
			})
		}
	}
}

// needed skips the test if a client is not installed, except in CI.
func needed(t *testing.T, interpreter, script string) {
	t.Helper()
	probe := []string{"-e", "require('socket.io-client')"}
	if script == "python.py" {
		probe = []string{"-c", "import socketio, requests, websocket"}
	}
	if out, err := exec.Command(interpreter, probe...).CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s: %v\n%s", interpreter, err, out)
		}
		t.Skipf("%s: %v", interpreter, err)
	}
}

func officialClient(t *testing.T, start func(s *harness.Server, mode, username string, token ...string) *harness.Official, inOrder bool) {
	s := harness.Start(t, harness.Set("seat.limit", "2"))
	s.KeepPort()

	o := start(s, "stay", "ali")
	if l := o.Until("login", nil); l.Status != 200 || l.User.Username != "ali" {
		t.Fatalf("%+v", l)
	}
	id := o.Until("connect", nil).ID
	registered(t, o, "ali", id)

	other := s.Socket(s.Login("veli"))
	other.Register()
	o.Until("user_status", userStatus("veli", "online"))
	other.Leave()
	o.Until("user_status", userStatus("veli", "offline"))
	veli := s.Login("veli")
	s.Socket(veli).Register()

	// A full pool refuses with a reason; the client leaves by itself.
	refused := start(s, "once", "fatma")
	var f harness.Failure
	if err := harness.Decode(refused.Until("ack", nil).Data, &f); err != nil {
		t.Fatal(err)
	}
	if f.Code != "seat_limit" {
		t.Errorf("%+v", f)
	}
	full(t, f, 2, 2)
	refused.Ends()

	// A drain closes the connection, and the client returns to its seat.
	s.Restart()
	o.Until("disconnect", nil)
	id = o.Until("connect", nil).ID
	registered(t, o, "ali", id)

	// A kick is final: the client receives the reason and does not reconnect.
	token := s.Issue("ayse")["ayse"]
	s.Must("session", "end", "--user", "ali", "--reason", "bakım")
	var e harness.Ended
	if err := harness.Decode(o.Until("session_ended", nil).Data, &e); err != nil {
		t.Fatal(err)
	}
	if e.Code != "ended_by_admin" || e.Reason != "bakım" || e.Message == "" {
		t.Errorf("%+v", e)
	}
	o.Until("disconnect", nil)
	for _, l := range o.Ends() { // python-socketio may notice the close before DISCONNECT
		if inOrder || l.What == "connect" {
			t.Errorf("after the end: %+v", l)
		}
	}

	// An invalid token is refused with the reason of its session's end.
	s.Must("session", "end", "--user", "ayse", "--reason", "gece")
	dead := start(s, "stay", "ayse", token)
	l := dead.Until("connect_error", nil)
	var data struct {
		Code   string `json:"code"`
		Retry  *bool  `json:"retry"`
		Reason string `json:"reason"`
		At     string `json:"at"`
	}
	if err := harness.Decode(l.Data, &data); err != nil {
		t.Fatal(err)
	}
	if data.Code != "ended_by_admin" || data.Retry == nil || *data.Retry || data.Reason != "gece" || !harness.Time(data.At) || l.Message == "" {
		t.Errorf("connect_error %s %s", l.Message, l.Data)
	}
	dead.Ends()
}

// registered requires a client's answer to register_user, by ack and by event.
func registered(t *testing.T, o *harness.Official, username, id string) {
	t.Helper()
	got := map[string]json.RawMessage{}
	for len(got) < 2 { // clients deliver them in either order
		l := o.UntilAny("response", "ack")
		got[l.What] = l.Data
	}
	for what, raw := range got {
		var r harness.Registered
		if err := harness.Decode(raw, &r); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if !r.OK || r.Username != username || r.SID != id {
			t.Errorf("%s %s, want %s on the socket %s", what, raw, username, id)
		}
	}
}

func userStatus(username, status string) func(harness.Line) bool {
	return func(l harness.Line) bool {
		var s harness.Status
		return harness.Decode(l.Data, &s) == nil && s.Username == username && s.Status == status
	}
}
