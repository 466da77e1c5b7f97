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

// kind is how a field is written in the file.
type kind int

const (
	kindText kind = iota
	kindNumber
	kindBoolean
	kindDuration
	kindList
	kindSecret
)

// field is one key of the configuration and where its value goes.
type field struct {
	key      string // section.name
	def      string // the default, as set reads it
	doc      string
	otherEnv string // the environment variable of the seed
	kind     kind

	emptyIsValue bool // an empty variable is a value, not one that is not set

	set func(string) error // reads what the environment or a flag says
	get func() string      // what set would read
}

// named gives the field its key, its default and its meaning.
func (f field) named(key, def, doc string) field {
	f.key, f.def, f.doc = key, def, doc
	return f
}

// alias gives the field another environment variable.
func (f field) alias(env string) field {
	f.otherEnv = env
	return f
}

// allowEmpty says that empty is a value of the field's own, other than its default.
func (f field) allowEmpty() field {
	f.emptyIsValue = true
	return f
}

// only refuses every value but one, for a feature that is not built yet.
func (f field) only(value, mend string) field {
	set, get := f.set, f.get
	f.set = func(s string) error {
		if err := set(s); err != nil {
			return err
		}
		if get() != value {
			return fmt.Errorf("this is not built yet: %s", mend)
		}
		return nil
	}
	return f
}

// Env is the environment variable of the field.
func (f field) env() string {
	return "TURNIKE_" + strings.ToUpper(strings.ReplaceAll(f.key, ".", "_"))
}

// literal is the value as the file would write it.
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

// decode reads a value of the file, whose type must be the field's.
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

// str is a string that check accepts and may write in another way.
func str(p *string, check func(string) (string, error)) field {
	return field{
		kind: kindText,
		set:  func(s string) (err error) { *p, err = check(s); return err },
		get:  func() string { return *p },
	}
}

// secretText is a secret; what check says must not contain it.
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

// choice is one of a few words.
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

// number is a whole number from lo to hi.
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

// boolean is true or false.
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

// duration is a duration from lo to hi.
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

// list is any number of words, none twice, each read by parse.
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

// split takes a list of the environment or of a flag apart.
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

// quote writes a string of the file: a JSON string is one of TOML as well.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // a string always has a JSON form
		return strconv.Quote(s)
	}
	return strings.TrimSpace(b.String())
}
