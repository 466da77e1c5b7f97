package realtime

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/turnike/turnike/socketio"
)

func TestPong(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 5e6, time.UTC)
	const head = `{"timestamp":"2026-05-01T12:00:00.005Z","server_time_ms":1777636800005,"echo":`
	for echo, want := range map[string]string{
		"":                           "null",
		"null":                       "null",
		`"çay <b>"`:                  `"çay <b>"`,
		` { "sent" : [ 1 , 2.50 ] }`: `{"sent":[1,2.50]}`,
	} {
		if got := string(pong(at, json.RawMessage(echo))); got != head+want+"}" {
			t.Errorf("pong of %q is %s, want %s%s}", echo, got, head, want)
		}
	}
}

func BenchmarkPong(b *testing.B) {
	b.ReportAllocs()
	var args socketio.Args
	if err := json.Unmarshal([]byte(`[{"n":1}]`), &args); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if pongTo(nil, args, time.Now()).Len() == 0 {
			b.Fatal("nothing encoded")
		}
	}
}
