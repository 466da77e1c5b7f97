package harness

import (
	"bufio"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Official is an official client in its own process that prints what it receives.
type Official struct {
	t     testing.TB
	cmd   *exec.Cmd
	lines chan Line
	log   *capture
}

// Line is one event that an official client received.
type Line struct {
	What    string          `json:"what"`
	ID      string          `json:"id"`
	Status  int             `json:"status"`
	Reason  string          `json:"reason"`
	Message string          `json:"message"`
	User    Who             `json:"user"`
	Data    json.RawMessage `json:"data"`
}

// Official starts a script of e2e/client.
func (s *Server) Official(interpreter, script string, args ...string) *Official {
	s.t.Helper()
	o := &Official{t: s.t, lines: make(chan Line, 1000), log: &capture{}}
	o.cmd = exec.Command(interpreter, append([]string{filepath.Join("client", script)}, args...)...)
	o.cmd.Env = append(environment(), "NODE_EXTRA_CA_CERTS="+s.CAFile(), "TURNIKE_CA="+s.CAFile())
	o.cmd.Stderr = o.log
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := o.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(o.lines)
		in := bufio.NewScanner(out)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			var l Line
			if err := json.Unmarshal(in.Bytes(), &l); err != nil {
				l = Line{What: "unreadable", Message: in.Text()}
			}
			o.lines <- l
		}
	}()
	s.t.Cleanup(func() { _ = o.cmd.Process.Kill(); _ = o.cmd.Wait() }) // errors mean that it has already ended
	return o
}

// Until drops the lines before the given one and returns it.
func (o *Official) Until(what string, match func(Line) bool) Line {
	o.t.Helper()
	return o.until(what, func(l Line) bool { return l.What == what && (match == nil || match(l)) })
}

// UntilAny is Until for the first of several lines.
func (o *Official) UntilAny(what ...string) Line {
	o.t.Helper()
	return o.until(strings.Join(what, " or "), func(l Line) bool { return slices.Contains(what, l.What) })
}

func (o *Official) until(what string, match func(Line) bool) Line {
	o.t.Helper()
	deadline := time.After(Patience)
	var dropped []string
	for {
		select {
		case l, ok := <-o.lines:
			if !ok {
				o.t.Fatalf("the client ended and did not hear %s, but %v\n%s", what, dropped, o.log)
			}
			if match(l) {
				return l
			}
			dropped = append(dropped, l.What+" "+l.Message)
		case <-deadline:
			o.t.Fatalf("the client did not hear %s, but %v\n%s", what, dropped, o.log)
		}
	}
}

// Ends requires the process to end by itself and returns the remaining lines.
func (o *Official) Ends() []Line {
	o.t.Helper()
	deadline := time.After(Patience)
	var rest []Line
	for {
		select {
		case l, ok := <-o.lines:
			if !ok {
				return rest
			}
			rest = append(rest, l)
		case <-deadline:
			var heard []string
			for _, l := range rest {
				heard = append(heard, l.What)
			}
			o.t.Fatalf("the client goes on after its end: %s\n%s", strings.Join(heard, " "), o.log)
		}
	}
}
