package webhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Members are the names of the members that a JSON object may have, each with the
// members of its own when its value is an object.
type Members map[string]Members

// errMember is returned for a text that is not such an object.
var errMember = errors.New("webhttp: a member is unknown or occurs twice")

// check returns an error unless text is one JSON object that has only these members,
// in exactly this spelling, and none of them twice (RFC 8259, section 4). Package
// json accepts any case, and takes the last of several.
func (known Members) check(text []byte) error {
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
		name, _ := t.(string) // names are always strings
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
	if _, err := dec.Token(); err != nil { // the closing brace
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errMember // something follows the object
	}
	return nil
}
