package alert

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

// each is one alert of each kind, as they wait on a bad day.
func each() []Alert {
	return []Alert{
		{Kind: Limit, About: "default", At: noon, Max: 3, N: 1},
		{Kind: Over, About: "acme", At: noon, Max: 2, Used: 5},
		{Kind: Sharing, About: "ışık", At: noon, N: 3},
		{Kind: Guessing, At: noon.Add(-26 * time.Hour), Until: noon, N: 120, Name: "admin\r\nBcc: evil@example.com\x1b[31m\u202e" + strings.Repeat("x", 200)},
		{Kind: Certificate, About: "app.example.com", At: noon, Until: noon.Add(30 * 24 * time.Hour), N: 13},
	}
}

// TestTexts: every mail in both languages, word for word.
func TestTexts(t *testing.T) {
	for _, lang := range []string{"tr", "en"} {
		w := words{lang: lang, url: "https://app.example.com"}
		var b strings.Builder
		show := func(d digest) {
			subject, body := w.digest(&d)
			b.WriteString("Subject: " + subject + "\n\n" + body + "=====\n")
		}
		for _, a := range each() {
			show(digest{Made: noon, Alerts: []Alert{a}})
		}
		show(digest{Made: noon, Alerts: each(), Omitted: 7})
		show(digest{Made: noon, Omitted: 1})
		subject, body := w.test("app")
		b.WriteString("Subject: " + subject + "\n\n" + body)
		file := "testdata/mails." + lang + ".txt"
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s: got\n%s", file, b.String())
		}
		if strings.ContainsAny(strings.ReplaceAll(b.String(), "\n", ""), "\r\x1b\u202e{") {
			t.Error("a control character or a blank is left")
		}
	}
}

// TestSEC60_NamesInSubjects: only a name that the product accepts from its
// operator is in a header; anything else is in the body alone.
func TestSEC60_NamesInSubjects(t *testing.T) {
	for name, inSubject := range map[string]bool{"ayse": true, "ışık": true, "evil\r\nBcc: x@example.com": false, "a\u202eb": false, "a\tb": false} {
		d := digest{Made: noon, Alerts: []Alert{{Kind: Sharing, About: name, At: noon, N: 3}}}
		subject, body := words{lang: "en"}.digest(&d)
		if got := strings.Contains(subject, name); got != inSubject || strings.ContainsAny(subject, "\r\n") {
			t.Errorf("%q: the subject is %q", name, subject)
		}
		if inSubject && !strings.Contains(body, name) || strings.Contains(body, "\r") {
			t.Errorf("%q: %s", name, body)
		}
	}
}
