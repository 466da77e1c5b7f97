package logging

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/turnike/turnike/internal/secret"
)

// Bounds on one value.
const (
	maxText  = 256     // bytes [SEC-57]
	maxStack = 8 << 10 // of a stack: our own text, for whom a defect is reported to
)

// secrets are keys whose values are never shown, whatever asked for it [SEC-56].
func secrets() []string {
	return []string{"password", "passwd", "token", "secret", "cookie", "authorization", "ticket", "takeover", "pepper", "hash",
		"password_hash", "device_cookie", "private_key", "access_token", "refresh_token", "sid", "query"}
}

// Clean is for slog.HandlerOptions.ReplaceAttr.
func Clean(_ []string, a slog.Attr) slog.Attr {
	if slices.Contains(secrets(), strings.ToLower(a.Key)) {
		return slog.String(a.Key, secret.Redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(clean(a.Key, a.Value.String()))
	case slog.KindAny:
		if _, level := a.Value.Any().(slog.Level); !level {
			a.Value = slog.StringValue(clean(a.Key, fmt.Sprint(a.Value.Any())))
		}
	}
	return a
}

func clean(key, s string) string {
	if key == "stack" {
		return s[:min(len(s), maxStack)]
	}
	return Text(s)
}

// jwt finds tokens: their first part is a JSON object, which begins with eyJ.
var jwt = regexp.MustCompile(`eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*`)

// Text makes what somebody wrote fit for a line: no tokens, nothing that moves a
// cursor or breaks a line, 256 bytes at most.
func Text(s string) string {
	if strings.Contains(s, "eyJ") {
		s = jwt.ReplaceAllStringFunc(s, func(t string) string { return "token:" + Short(t) })
	}
	if len(s) <= maxText && !strings.ContainsFunc(s, harmful) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		piece := string(r)
		if harmful(r) {
			piece = fmt.Sprintf(`\u{%x}`, r)
		}
		if b.Len()+len(piece) > maxText-len("…") && i+len(piece) < len(s) {
			b.WriteString("…")
			break
		}
		b.WriteString(piece)
	}
	return b.String()
}

// harmful tells what a terminal or another program would obey rather than show:
// controls, line and paragraph separators, directions, what is no text at all.
func harmful(r rune) bool { return r == utf8.RuneError || r != ' ' && !unicode.IsPrint(r) }

// Short names a secret in a log without telling it: the first 8 digits of its
// SHA-256.
func Short(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:4])
}
