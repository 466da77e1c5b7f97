package sqlite

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

// full is an event with something in every field, so that a field that is added
// to session.Event and not written is noticed.
func full(t *testing.T) session.Event {
	t.Helper()
	var e session.Event
	v := reflect.ValueOf(&e).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case time.Time:
			f.Set(reflect.ValueOf(time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)))
		case session.Actor:
			f.Set(reflect.ValueOf(session.Actor{Kind: session.KindKey, ID: "id", Name: "a\"b", Address: "192.0.2.1", Request: "request"}))
		case []string:
			f.Set(reflect.ValueOf([]string{"a", "b\"c"}))
		default:
			switch f.Kind() {
			case reflect.String:
				f.SetString(v.Type().Field(i).Name + " <\"\\ışık\u2028\x01>")
			case reflect.Int, reflect.Int64:
				f.SetInt(int64(i + 7))
			default:
				t.Fatalf("field %s has a type that this test does not know", v.Type().Field(i).Name)
			}
		}
	}
	return e
}

func TestEventRoundTrip(t *testing.T) {
	for name, e := range map[string]session.Event{
		"all": full(t),
		"by its own user": {Pool: 1, LogSeq: 1, At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Type: session.SessionEnded, User: "u",
			Username: "ada", By: session.Actor{Kind: session.KindUser, ID: "u", Name: "ada", Address: "192.0.2.1"}},
		"by another user": {Pool: 1, LogSeq: 1, At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Type: session.SeatFreed, User: "u",
			Username: "ada", By: session.Actor{Kind: session.KindUser, ID: "v", Name: "bob"}},
		"little": {Pool: 1, LogSeq: 1, At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Type: session.UserCreated, User: "u"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			e.Pool = session.PoolID(1)
			err := s.write(t.Context(), func(t *tx) error { return t.log([]session.Event{e}) })
			if err != nil {
				t.Fatal(err)
			}
			var got []session.Event
			err = s.read(t.Context(), func(c *conn) error {
				return eventsAfter(c, e.Pool, e.LogSeq-1, 10, func(e session.Event) { got = append(got, e) })
			})
			if len(got) == 1 {
				e.Pos = got[0].Pos // the store chooses it
			}
			if err != nil || len(got) != 1 || e.Pos <= 0 || !reflect.DeepEqual(got[0], e) {
				t.Errorf("read\n %+v, %v, wrote\n %+v", got, err, e)
			}
			if len(got) == 1 && !sameEvent(got[0], e) {
				t.Error("an event is not the same as itself")
			}
		})
	}
}

func FuzzEncodeEvent(f *testing.F) {
	f.Add("ada", "reason", "Firefox on \"Linux\"", int64(7))
	f.Add("ışık\u2028", "\x00\x1f\x7f", `\`, int64(-1))
	f.Add("\xff\xfe", "", "", int64(0))
	f.Fuzz(func(t *testing.T, name, reason, device string, n int64) {
		e := session.Event{Username: name, Reason: reason, Device: device, PresenceSeq: n, By: session.Actor{Kind: session.KindCLI, Name: name, Address: device}, Dropped: []string{name, device}}
		ours := encodeEvent(nil, e)
		theirs, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var a, b session.Event
		if err := json.Unmarshal(ours, &a); err != nil {
			t.Fatalf("%q: %v", ours, err)
		}
		if err := json.Unmarshal(theirs, &b); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s\nis read as %+v, not %+v", ours, a, b)
		}
	})
}
