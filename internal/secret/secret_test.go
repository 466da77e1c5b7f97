package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/secret"
)

const canary = "canary-7f3a9c"

// TestSEC55_NeverPrinted prints a Secret in each way that Go knows, alone and
// within exported and unexported fields, and looks for its content.
func TestSEC55_NeverPrinted(t *testing.T) {
	s := secret.New(canary)
	type config struct {
		Public  secret.Secret
		private secret.Secret
		pointer *secret.Secret
		list    []secret.Secret
	}
	c := config{Public: s, private: s, pointer: &s, list: []secret.Secret{s}}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%w"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", &s)
		fmt.Fprintf(&out, verb+"\n", c)
		fmt.Fprintf(&out, verb+"\n", &c)
	}
	fmt.Fprintln(&out, s, c, errors.New(s.String()))
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Info("start", "secret", s, "config", c, "group", slog.GroupValue(slog.Any("s", s)))
	}
	if err := json.NewEncoder(&out).Encode(map[string]any{"a": s, "b": c, "c": &s}); err != nil {
		t.Fatal(err)
	}

	hex := fmt.Sprintf("%x", canary)
	for _, form := range []string{canary, hex, strings.ToUpper(hex)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the content is shown as %q in:\n%s", form, out.String())
		}
	}
	if !strings.Contains(out.String(), secret.Redacted) {
		t.Error("nothing says that a secret is there")
	}
}

func TestReveal(t *testing.T) {
	for _, content := range []string{"", "x", canary, "with \x00 and \n"} {
		s := secret.New(content)
		if got := s.Reveal(); got != content {
			t.Errorf("Reveal = %q, want %q", got, content)
		}
		if s.IsSet() != (content != "") {
			t.Errorf("IsSet of %q = %v", content, s.IsSet())
		}
	}
	var zero secret.Secret
	if zero.IsSet() || zero.Reveal() != "" || zero.String() != "" {
		t.Error("the zero value is not unset")
	}
}

func TestUnmarshalText(t *testing.T) {
	var c struct{ Key secret.Secret }
	if err := json.Unmarshal([]byte(`{"Key":"`+canary+`"}`), &c); err != nil {
		t.Fatal(err)
	}
	if c.Key.Reveal() != canary {
		t.Errorf("Reveal = %q", c.Key.Reveal())
	}
}
