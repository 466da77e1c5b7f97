package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/secret"
)

// kind is the type that a field has in the file.
type kind int

const (
	kindText kind = iota
	kindNumber
	kindBoolean
	kindDuration
	kindList
	kindSecret
)

// field is one key of the configuration and the place of its value.
type field struct {
	key      string // section.name
	def      string // the default, as set reads it
	doc      string
	otherEnv string // another environment variable, "" for none
	kind     kind

	emptyIsValue bool // an empty variable is a value; otherwise it counts as not set

	set func(string) error // parses the text of the environment or of a flag
	get func() string      // the text that set would parse
}

// named sets the key, the default and the meaning of the field.
func (f field) named(key, def, doc string) field {
	f.key, f.def, f.doc = key, def, doc
	return f
}

// alias adds another environment variable for the field.
func (f field) alias(env string) field {
	f.otherEnv = env
	return f
}

// allowEmpty makes an empty variable a value of its own, different from the default.
func (f field) allowEmpty() field {
	f.emptyIsValue = true
	return f
}

// only refuses all values but one, for a feature that is not built yet.
func (f field) only(value, advice string) field {
	set, get := f.set, f.get
	f.set = func(s string) error {
		if err := set(s); err != nil {
			return err
		}
		if get() != value {
			return fmt.Errorf("this is not built yet: %s", advice)
		}
		return nil
	}
	return f
}

// env returns the name of the field's environment variable.
func (f field) env() string {
	return "TURNIKE_" + strings.ToUpper(strings.ReplaceAll(f.key, ".", "_"))
}

// literal returns the value as it is written in the file.
func (f field) literal() string {
	switch f.kind {
	case kindNumber, kindBoolean:
		return f.get()
	case kindList:
		quoted := []string{}
		for _, s := range split(f.get()) {
			quoted = append(quoted, quote(s))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return quote(f.get())
}

// decode takes a value from the file; its type must match the field's kind.
func (f field) decode(v any) error {
	switch v := v.(type) {
	case string:
		if f.kind == kindText || f.kind == kindDuration || f.kind == kindSecret {
			return f.set(v)
		}
	case int64:
		if f.kind == kindNumber || f.kind == kindDuration {
			return f.set(strconv.FormatInt(v, 10))
		}
	case bool:
		if f.kind == kindBoolean {
			return f.set(strconv.FormatBool(v))
		}
	case []any:
		if f.kind == kindList {
			return f.decodeList(v)
		}
	}
	return fmt.Errorf("wrong type; write %s", map[kind]string{
		kindText: "a string in quotes", kindNumber: "a whole number", kindBoolean: "true or false",
		kindDuration: `a duration in quotes, such as "15s"`, kindList: `an array of strings, such as ["a", "b"]`,
		kindSecret: "a string in quotes"}[f.kind])
}

func (f field) decodeList(items []any) error {
	words := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok || s == "" || strings.Contains(s, ",") {
			return errors.New(`wrong type; write an array of strings, such as ["a", "b"]`)
		}
		words = append(words, s)
	}
	return f.set(strings.Join(words, ","))
}

// str is a field with a string. check validates it and may normalise it.
func str(p *string, check func(string) (string, error)) field {
	return field{
		kind: kindText,
		set:  func(s string) (err error) { *p, err = check(s); return err },
		get:  func() string { return *p },
	}
}

// secretText is a field with a secret. An error of check must not contain the secret.
func secretText(p *secret.Secret, check func(string) error) field {
	return field{
		kind: kindSecret,
		set: func(s string) error {
			if s == "" {
				return errors.New("it is empty: give it a value, or leave it unset")
			}
			if err := check(s); err != nil {
				return err
			}
			*p = secret.New(s)
			return nil
		},
		get: p.String,
	}
}

// choice is a field with one of a few words.
func choice[T ~string](p *T, words ...T) field {
	return field{
		kind: kindText,
		set: func(s string) error {
			if !slices.Contains(words, T(s)) {
				return fmt.Errorf("%s is not one of %s", input.Quote(s), input.Enumerate(words))
			}
			*p = T(s)
			return nil
		},
		get: func() string { return string(*p) },
	}
}

// number is a field with a whole number from lo to hi.
func number(p *int, lo, hi int) field {
	return field{
		kind: kindNumber,
		set: func(s string) error {
			n, err := strconv.Atoi(s)
			if err != nil || n < lo || n > hi {
				return fmt.Errorf("%s is not a whole number from %d to %d", input.Quote(s), lo, hi)
			}
			*p = n
			return nil
		},
		get: func() string { return strconv.Itoa(*p) },
	}
}

// boolean is a field with true or false.
func boolean(p *bool) field {
	return field{
		kind: kindBoolean,
		set: func(s string) error {
			if s != "true" && s != "false" {
				return fmt.Errorf("%s is not true or false", input.Quote(s))
			}
			*p = s == "true"
			return nil
		},
		get: func() string { return strconv.FormatBool(*p) },
	}
}

// duration is a field with a duration from lo to hi.
func duration(p *time.Duration, lo, hi time.Duration) field {
	return field{
		kind: kindDuration,
		set: func(s string) error {
			d, err := ParseDuration(s)
			if err != nil {
				return err
			}
			if d < lo || d > hi {
				return fmt.Errorf("%s is not from %s to %s", input.Quote(s), FormatDuration(lo), FormatDuration(hi))
			}
			*p = d
			return nil
		},
		get: func() string { return FormatDuration(*p) },
	}
}

// list is a field with any number of different words, each parsed by parse.
func list[T comparable](p *[]T, parse func(string) (T, error)) field {
	return field{
		kind: kindList,
		set: func(s string) error {
			var out []T
			for _, word := range split(s) {
				item, err := parse(word)
				if err != nil {
					return err
				}
				if slices.Contains(out, item) {
					return fmt.Errorf("%s is there twice: remove one", input.Quote(word))
				}
				out = append(out, item)
			}
			*p = out
			return nil
		},
		get: func() string {
			words := make([]string, len(*p))
			for i, item := range *p {
				words[i] = fmt.Sprint(item)
			}
			return strings.Join(words, ",")
		},
	}
}

// split splits the text of a list at its commas.
func split(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	words := strings.Split(s, ",")
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	return words
}

// quote returns a string as TOML. Every JSON string is also a TOML string.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // a string always has a JSON form
		return strconv.Quote(s)
	}
	return strings.TrimSpace(b.String())
}
