package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what a Secret prints if it is set.
const Redacted = "[redacted]"

// Secret holds a value that must not be shown. The zero value is unset.
//
// The content is behind a pointer because fmt does not call the methods of a value
// in an unexported field. There it prints the address.
type Secret struct {
	value *string
}

// New returns a Secret with this content. New("") is unset, like the zero value.
func New(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the content, "" if it is unset.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether the secret has a content.
func (s Secret) IsSet() bool { return s.value != nil }

// String returns Redacted, or "" if the secret is unset: the printed configuration
// has to show which secrets are missing.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return Redacted
}

// GoString returns the same as String.
func (s Secret) GoString() string { return s.String() }

// Format prints the same for every verb, %x and %d included.
func (s Secret) Format(state fmt.State, _ rune) {
	// fmt.State writes to memory and returns no error.
	_, _ = io.WriteString(state, s.String())
}

// LogValue implements slog.LogValuer with String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler with String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets the content, so that a configuration can be decoded into a
// Secret.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = New(string(text))
	return nil
}
