package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/secret"
)

// maxImportLine bounds a line, in bytes.
const maxImportLine = 1 << 20

// importLine is one account to import.
type importLine struct {
	number   int
	username string
	password secret.Secret // or
	hash     string
	role     account.Role
	pool     string
}

// wrong is an error that names the line.
func (l importLine) wrong(format string, args ...any) error {
	return fmt.Errorf("line %d: %w", l.number, fmt.Errorf(format, args...))
}

// parseImport reads JSON lines and refuses the whole at the first bad one.
// Empty lines are left out. No message shows a password.
func parseImport(r io.Reader) ([]importLine, error) {
	var lines []importLine
	first := map[string]int{} // line by canonical name
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxImportLine)
	number := 0
	for scanner.Scan() {
		number++
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		l, err := parseImportLine(scanner.Bytes())
		l.number = number
		if err != nil {
			return nil, l.wrong("%w", err)
		}
		canonical := account.Canonical(l.username)
		if before, twice := first[canonical]; twice {
			return nil, l.wrong("%s is the user of line %d", clip(l.username), before)
		}
		first[canonical] = number
		lines = append(lines, l)
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: it has more than %d bytes", number+1, maxImportLine)
	} else if err != nil {
		return nil, err
	}
	return lines, nil
}

func parseImportLine(line []byte) (importLine, error) {
	var in struct {
		Username string  `json:"username"`
		Password *string `json:"password"`
		Hash     *string `json:"password_hash"`
		Role     string  `json:"role"`
		Pool     string  `json:"pool"`
	}
	if !utf8.Valid(line) {
		return importLine{}, errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return importLine{}, explainJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return importLine{}, errors.New("there is something after the JSON object")
	}
	name, err := account.ParseName(in.Username)
	if err != nil {
		return importLine{}, err
	}
	role, err := account.ParseRole(cmp.Or(in.Role, string(account.RoleUser)))
	if err != nil {
		return importLine{}, err
	}
	l := importLine{username: name, role: role, pool: cmp.Or(in.Pool, account.DefaultPool)}
	switch {
	case in.Password == nil && in.Hash == nil:
		return importLine{}, fmt.Errorf("%s has neither password nor password_hash", clip(name))
	case in.Password != nil && in.Hash != nil:
		return importLine{}, fmt.Errorf("%s has both password and password_hash", clip(name))
	case in.Hash != nil && *in.Hash == "":
		return importLine{}, fmt.Errorf("%s has an empty password_hash", clip(name))
	case in.Hash != nil:
		l.hash = *in.Hash
	default:
		if err := account.CheckLength(*in.Password, account.FloorPassword); err != nil {
			return importLine{}, fmt.Errorf("%s: %w", clip(name), err)
		}
		l.password = secret.New(*in.Password)
	}
	return l, nil
}

// explainJSON says what is wrong with a line without showing any of it.
func explainJSON(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return fmt.Errorf("it is not a JSON object but %s", wrong.Value)
		}
		return fmt.Errorf("%s is %s, not a string", wrong.Field, wrong.Value)
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is not one whole JSON object")
	}
	return err // an unknown field, named
}
