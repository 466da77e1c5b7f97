package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// members are those that an object may have; a member that is an object itself
// has some of its own.
type members map[string]members

// errMember is for a text that is not such an object.
var errMember = errors.New("api: a member is not known, or is there twice")

// check tells whether a JSON text is one object with none but these members, each
// in this very spelling and there once (RFC 8259, section 4). package json takes
// any case, and the last of several.
func (known members) check(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errMember, err)
	}
	seen := make(map[string]bool)
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // JSON allows nothing else there
		inner, ok := known[name]
		if !ok || seen[name] {
			return errMember
		}
		seen[name] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if inner != nil && !bytes.Equal(value, []byte("null")) {
			if err := inner.check(value); err != nil {
				return err
			}
		}
	}
	if _, err := dec.Token(); err != nil { // its end
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errMember // something follows the object
	}
	return nil
}
