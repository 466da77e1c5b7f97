package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every set Secret prints as.
const Redacted = "[redacted]"

// Secret holds a value that must not be shown. The zero value is unset.
//
// The content sits behind a pointer because fmt does not call the methods of
// a value in an unexported field: there it prints an address instead.
type Secret struct {
	value *string
}

// New makes a Secret of value. New("") is unset, as the zero value is.
func New(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal gives the content, "" when unset.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet tells whether there is a content.
func (s Secret) IsSet() bool { return s.value != nil }

// String gives Redacted, or "" when unset: an operator who reads the effective
// configuration has to see which secrets are missing.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return Redacted
}

// GoString gives the same as String.
func (s Secret) GoString() string { return s.String() }

// Format prints the same for every verb, %x and %d included.
func (s Secret) Format(state fmt.State, _ rune) {
	// The state of fmt keeps what is written in memory; it has no error to tell.
	_, _ = io.WriteString(state, s.String())
}

// LogValue gives the same as String to log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText gives the same as String to encoders (JSON, TOML).
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets the content, so that a configuration can be decoded
// straight into a Secret.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = New(string(text))
	return nil
}
