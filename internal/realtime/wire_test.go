package realtime

import (
	"encoding/json"
	"testing"
	"time"
)

func TestTimestamp(t *testing.T) {
	zone := time.FixedZone("TRT", 3*60*60)
	for _, at := range []time.Time{
		{}, noon, noon.Add(time.Nanosecond), noon.Add(7 * time.Millisecond), noon.Add(999_999_999),
		noon.Add(120 * time.Millisecond), noon.In(zone).Add(45 * time.Millisecond), time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
	} {
		if got, want := timestamp(at), at.UTC().Format("2006-01-02T15:04:05.000Z07:00"); got != want {
			t.Errorf("timestamp(%v) is %s, want %s", at, got, want)
		}
	}
}

func TestPong(t *testing.T) {
	at := noon.Add(5 * time.Millisecond)
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
