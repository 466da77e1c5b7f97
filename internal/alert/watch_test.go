package alert

import (
	"fmt"
	"testing"
	"time"

	"github.com/turnike/turnike/internal/session"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// seats is an event of pool 1 with so many seats taken.
func seats(after time.Duration, used, limit int) session.Event {
	return session.Event{Pool: 1, Type: session.ConnectionRegistered, At: noon.Add(after), Held: used, Limit: limit}
}

func failures(after time.Duration, name string, n, throttled int) session.Event {
	return session.Event{Pool: 0, Type: session.LoginFailed, At: noon.Add(after), Username: name, Count: n, Throttled: throttled}
}

func story(a []Alert) string {
	s := ""
	for _, x := range a {
		s += fmt.Sprintf("%s %s%s n=%d max=%d used=%d\n", x.Kind, x.About, x.Name, x.N, x.Max, x.Used)
	}
	return s
}

// TestRules: what of the log is worth a mail.
func TestRules(t *testing.T) {
	sharing := session.Event{Pool: 1, Type: session.AccountSharingSuspected, At: noon, Username: "ayse", Count: 4, Limit: 3, Held: 1}
	for name, test := range map[string]struct {
		events []session.Event
		want   string
	}{
		"not full":           {[]session.Event{seats(0, 2, 3)}, ""},
		"full":               {[]session.Event{seats(0, 2, 3), seats(1, 3, 3)}, "limit default n=0 max=3 used=0\n"},
		"full again at once": {[]session.Event{seats(0, 3, 3), seats(1, 2, 3), seats(2, 3, 3)}, "limit default n=0 max=3 used=0\n"},
		"S8 lowered below use": {[]session.Event{seats(0, 2, 3), {Pool: 1, Type: session.PoolChanged, At: noon, Held: 2, Limit: 1}},
			"over default n=0 max=1 used=2\n"},
		"S8 lowered to use":      {[]session.Event{{Pool: 1, Type: session.PoolChanged, At: noon, Grace: 2, Limit: 2}}, "limit default n=0 max=2 used=0\n"},
		"an event without seats": {[]session.Event{seats(0, 3, 3), {Pool: 1, Type: session.UserChanged}, seats(2*time.Hour, 3, 3)}, "limit default n=0 max=3 used=0\n"},
		"A6":                     {[]session.Event{sharing, sharing}, "sharing ayse n=4 max=0 used=0\n"},
		"A6 without a count":     {[]session.Event{{Type: session.AccountSharingSuspected, Username: "ali"}}, "sharing ali n=3 max=0 used=0\n"},
		"SEC-06 few":             {[]session.Event{failures(0, "ayse", 9, 0)}, ""},
		"SEC-06 many": {[]session.Event{failures(0, "ayse", 4, 0), failures(time.Minute, "", 2, 1), failures(2*time.Minute, "ali", 1, 2)},
			"brute ayse n=10 max=0 used=0\n"},
		"SEC-06 many, slowly":     {[]session.Event{failures(0, "ayse", 9, 0), failures(16*time.Minute, "ayse", 9, 0)}, ""},
		"SEC-06 counted anew":     {[]session.Event{failures(0, "ayse", 10, 0), failures(time.Minute, "ayse", 9, 0)}, "brute ayse n=10 max=0 used=0\n"},
		"SEC-06 of unknown names": {[]session.Event{failures(0, "", 10, 0)}, "brute  n=10 max=0 used=0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(nil)
			for _, e := range test.events {
				s.see(e, "default", 10)
			}
			if got := story(s.Waiting.Alerts); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

// TestS9_Refused: people without a seat are counted once each, for an hour, and
// make a pool known to be full that nobody saw fill up.
func TestS9_Refused(t *testing.T) {
	s := begin([]session.Pool{{ID: 1, Name: "default", Limit: 1, Held: 1}})
	at := func(d time.Duration, user string) { s.refused(1, "default", user, 1, noon.Add(d)) }
	at(0, "a")
	if got := story(s.Waiting.Alerts); got != "limit default n=1 max=1 used=0\n" {
		t.Error(got)
	}
	s.Waiting = queue{}
	for i := range 10 {
		at(time.Duration(i)*time.Minute, "b")
	}
	at(30*time.Minute, "c")
	if len(s.Waiting.Alerts) > 0 {
		t.Errorf("told twice within the hour: %s", story(s.Waiting.Alerts))
	}
	at(61*time.Minute, "d") // a is an hour ago
	if got := story(s.Waiting.Alerts); got != "limit default n=3 max=1 used=0\n" {
		t.Error(got)
	}
	for i := range 3 * maxRefused {
		at(61*time.Minute, fmt.Sprint("user", i))
	}
	if n := len(s.Refused["default"]); n != maxRefused {
		t.Errorf("%d people are remembered", n)
	}
	if s.Refused.expire(noon.Add(3 * time.Hour)); len(s.Refused) > 0 {
		t.Errorf("%d pools have refused somebody", len(s.Refused))
	}
}

// TestSEC53_Expiring: two weeks before its end, once of each certificate.
func TestSEC53_Expiring(t *testing.T) {
	s := begin(nil)
	end := noon.Add(20 * 24 * time.Hour)
	told := 0
	for day := range 30 {
		if s.expiring("app.example.com", end, noon.Add(time.Duration(day)*24*time.Hour)) {
			told++
			if day != 7 || s.Waiting.Alerts[0].N != 13 {
				t.Errorf("day %d: %+v", day, s.Waiting.Alerts)
			}
		}
	}
	if told != 1 || s.expiring("app.example.com", time.Time{}, noon) || !s.expiring("app.example.com", end.Add(time.Hour), end) {
		t.Errorf("told %d times, or never of the next one", told)
	}
}

// TestSEC60_QueueIsBounded: of a thousand and more the oldest are counted only.
func TestSEC60_QueueIsBounded(t *testing.T) {
	s := begin(nil)
	for i := range maxAlerts + 7 {
		s.add(Alert{Kind: Sharing, About: fmt.Sprint("user", i)})
	}
	if len(s.Waiting.Alerts) != maxAlerts || s.Waiting.Omitted != 7 || s.Waiting.Alerts[0].About != "user7" {
		t.Errorf("%d wait, %d do not", len(s.Waiting.Alerts), s.Waiting.Omitted)
	}
	s.compose(noon)
	s.add(Alert{Kind: Sharing, About: "another"})
	if len(s.Out.Alerts) != maxAlerts || s.Out.Omitted != 7 || len(s.Waiting.Alerts) != 0 || s.Waiting.Omitted != 1 {
		t.Error("the digest under way does not count")
	}
	if _, any := s.due(); !any {
		t.Error("what did not fit is forgotten")
	}
}

// TestGuessesAreBounded: a guesser of names fills no memory.
func TestGuessesAreBounded(t *testing.T) {
	s := begin(nil)
	for i := range 10 * maxNames {
		s.see(failures(time.Duration(i)*time.Second, fmt.Sprint("name", i), 1, 0), "", 1_000_000)
	}
	if n := len(s.Guesses.Names); n > maxNames || len(s.Guesses.Rows) > 16 {
		t.Errorf("%d names, %d rows", n, len(s.Guesses.Rows))
	}
}

// TestStateSurvives: what is written down is what is read.
func TestStateSurvives(t *testing.T) {
	s := begin([]session.Pool{{ID: 1, Limit: 3, LogSeq: 7}})
	s.see(seats(0, 3, 3), "default", 10)
	s.see(failures(0, "ayse", 4, 0), "", 10)
	s.refused(1, "default", "u", 3, noon)
	s.compose(noon)
	s.add(Alert{Kind: Over, About: "p"})
	text, err := s.encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := again.encode(); err != nil || second != text {
		t.Errorf("%v\n%s\n%s", err, text, second)
	}
	if _, err := decode("{"); err == nil {
		t.Error("what is broken is read")
	}
}
