package main

import (
	"fmt"
	"net"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestEmptyVariables: a variable of ours that is empty counts as not set, as
// `MAX_CONNECTIONS=${MAX_CONNECTIONS:-}` in a compose file means it.
func TestEmptyVariables(t *testing.T) {
	unset, err := load(t, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	env := environment{}
	var c Config
	for _, f := range c.fields() {
		if f.emptySays {
			continue
		}
		env[f.env()] = ""
		if f.alias != "" {
			env[f.alias] = ""
		}
		if f.kind == kindSecret {
			env[f.env()+"_FILE"] = ""
		}
	}
	if len(env) < 50 {
		t.Fatalf("only %d variables", len(env))
	}
	empty, err := load(t, "", env, nil)
	if err != nil {
		t.Fatal(err)
	}
	if empty.Data = unset.Data; !reflect.DeepEqual(empty, unset) {
		t.Errorf("empty variables change\n%+v\ninto\n%+v", unset, empty)
	}

	one, err := load(t, "[seat]\nlimit = 7", environment{"MAX_CONNECTIONS": "", "TURNIKE_SEAT_LIMIT": "5"}, nil)
	if err != nil || one.Seat.Limit != 5 {
		t.Errorf("beside its empty twin: %d, %v", one.Seat.Limit, err)
	}
	file, err := load(t, "[seat]\nlimit = 7", environment{"MAX_CONNECTIONS": ""}, nil)
	if err != nil || file.Seat.Limit != 7 {
		t.Errorf("the file: %d, %v", file.Seat.Limit, err)
	}
	none, err := load(t, "", environment{"TURNIKE_TLS_ACME_HTTP_LISTEN": ""}, nil)
	if err != nil || none.TLS.ACMEHTTPListen != "" {
		t.Errorf("where empty is a value of its own: %q, %v", none.TLS.ACMEHTTPListen, err)
	}

	s := newShell(t)
	s.env = append(s.env, "TURNIKE_CONFIG=", "TURNIKE_BOOTSTRAP_PASSWORD_FILE=")
	s.must("a password of some length\n", "user", "add", "ali", "--password-stdin")
}

// TestByteOrderMark: a mark of UTF-8 is no part of the TOML; of UTF-16 it is named.
func TestByteOrderMark(t *testing.T) {
	c, err := load(t, "\xef\xbb\xbf[seat]\nlimit = 7\n", nil, nil)
	if err != nil || c.Seat.Limit != 7 {
		t.Errorf("UTF-8: %d, %v", c.Seat.Limit, err)
	}
	for _, document := range []string{"\xff\xfe[\x00s\x00", "\xfe\xff\x00[\x00s"} {
		if _, err := load(t, document, nil, nil); err == nil || !strings.Contains(err.Error(), "UTF-16; save it as UTF-8") {
			t.Errorf("UTF-16: %v", err)
		}
	}
}

// TestTakenPort: a port that is taken is reported with its key, who has it, and how
// to choose another one.
func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	owner := "another program"
	if name, err := os.ReadFile("/proc/self/comm"); err == nil {
		owner = fmt.Sprintf("%s (process %d)", strings.TrimSpace(string(name)), os.Getpid())
	}
	s := newShell(t)
	s.env = append(s.env, "TURNIKE_METRICS_LISTEN="+taken)
	for _, c := range []struct{ listen, want string }{
		{taken, "turnike: server.listen: " + taken + " is taken by " + owner + "; stop that, or choose another port with --listen\n"},
		{"127.0.0.1:0", "turnike: metrics.listen: " + taken + " is taken by " + owner + "; stop that, or choose another port with TURNIKE_METRICS_LISTEN\n"},
	} {
		if r := s.run("", "serve", "--listen", c.listen); r.code != exitFailed || !strings.HasSuffix(r.errout, c.want) {
			t.Errorf("exit code %d: %q, want %q", r.code, r.errout, c.want)
		}
	}
}
