package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/turnike/turnike/internal/secret"
)

const raw = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlCg"

func logged(t *testing.T, args ...any) (string, map[string]any) {
	t.Helper()
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{ReplaceAttr: Clean})).Info("a line", args...)
	out := map[string]any{}
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, b.String())
	}
	return b.String(), out
}

// TestSEC56_DenyList: what has a secret's name is not shown, in any group and
// type, nor is a token inside other text.
func TestSEC56_DenyList(t *testing.T) {
	const canary = "kanarya-91c2"
	line, _ := logged(t, "password", canary, "Token", raw, "ticket", []byte(canary), "error", errors.New("refused "+raw+" again"),
		slog.Group("request", "cookie", canary, "authorization", "Bearer "+canary), "key", secret.New(canary), "any", struct{ S secret.Secret }{secret.New(canary)})
	for _, s := range []string{canary, raw, "c2lnbmF0dXJl"} {
		if strings.Contains(line, s) {
			t.Errorf("%s is in %s", s, line)
		}
	}
	if !strings.Contains(line, "refused token:"+Short(raw)+" again") {
		t.Errorf("no trace of the token in %s", line)
	}
	if len(Short(raw)) != 8 {
		t.Errorf("%q", Short(raw))
	}
}

// TestSEC57_OneLine: nothing that somebody calls himself forges a line or moves
// a cursor.
func TestSEC57_OneLine(t *testing.T) {
	for _, name := range []string{"ali\r\n{\"msg\":\"session ended\"}", "\x1b[2Jali", "a\u2028b\u2029c", "a\u0085b\u009b31m", "\u202eali", "a\x00b", "\xff\xfe", "a\tb"} {
		line, out := logged(t, "user", name)
		if strings.Count(line, "\n") != 1 {
			t.Errorf("%q makes several lines: %q", name, line)
		}
		got, _ := out["user"].(string)
		if strings.ContainsFunc(got, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }) || got == "" {
			t.Errorf("%q is logged as %q", name, got)
		}
	}
	if _, out := logged(t, "user", "Işık Öz-Ünlü 😀"); out["user"] != "Işık Öz-Ünlü 😀" {
		t.Errorf("an honest name is logged as %q", out["user"])
	}
}

// TestSEC57_Bounded: 256 bytes, cut between characters.
func TestSEC57_Bounded(t *testing.T) {
	for _, long := range []string{strings.Repeat("a", 10_000), strings.Repeat("ş", 5000), strings.Repeat("\n", 300)} {
		if got := Text(long); len(got) > maxText || !strings.HasSuffix(got, "…") || strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
	if exact := strings.Repeat("a", maxText); Text(exact) != exact {
		t.Error("what fits is cut")
	}
}

// TestReopen: a file that was moved away gets nothing more, and no line is lost.
func TestReopen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "access.log")
	f, err := OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	write := func(line string) {
		if _, err := f.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	write("two\n")
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	write("three\n")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{name + ".1": "one\ntwo\n", name: "three\n"} {
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
}
