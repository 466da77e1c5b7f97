package wire

import (
	"testing"
	"time"
)

func TestTimestamp(t *testing.T) {
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	zone := time.FixedZone("TRT", 3*60*60)
	for _, at := range []time.Time{
		{}, noon, noon.Add(time.Nanosecond), noon.Add(7 * time.Millisecond), noon.Add(999_999_999),
		noon.Add(120 * time.Millisecond), noon.In(zone).Add(45 * time.Millisecond), time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
	} {
		if got, want := Timestamp(at), at.UTC().Format("2006-01-02T15:04:05.000Z07:00"); got != want {
			t.Errorf("Timestamp(%v) is %s, want %s", at, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	if got, want := string(JSON(`çay <b> & "x"`)), `"çay <b> & \"x\""`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
