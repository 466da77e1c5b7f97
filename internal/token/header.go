package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
)

// header is the first part of a token. A header with a key or its address (jwk,
// jku, x5c, x5u), an extension (crit, b64) or compression (zip) is refused [SEC-20]
// [SEC-21] [SEC-22].
type header struct {
	alg, typ string
	kid      string // "" if it names no key
}

// parseHeader parses the first part of a token. It refuses a name that occurs twice
// or in another case, and a value that is not a string, because other programs
// could read the header differently.
func parseHeader(segment string) (h header, ok bool) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return header{}, false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return header{}, false
	}
	fields := map[string]*string{"alg": &h.alg, "typ": &h.typ, "kid": &h.kid}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return header{}, false
		}
		// More and Token guarantee that a name in an object is a string.
		key, _ := name.(string)
		field := fields[key]
		if field == nil {
			return header{}, false
		}
		delete(fields, key) // a second one is unknown
		value, err := decoder.Token()
		text, isString := value.(string)
		if err != nil || !isString || text == "" {
			return header{}, false
		}
		*field = text
	}
	if _, err := decoder.Token(); err != nil {
		return header{}, false
	}
	_, err = decoder.Token()
	return h, err == io.EOF
}

// MaxLength is the greatest length of a token in bytes [SEC-22].
const MaxLength = 4096

// wellFormed reports whether raw is three parts of base64url, none of them empty, in
// at most MaxLength bytes [SEC-22]. It decodes nothing.
func wellFormed(raw string) bool {
	if len(raw) > MaxLength {
		return false
	}
	first := strings.IndexByte(raw, '.')
	last := strings.LastIndexByte(raw, '.')
	if first < 1 || last < first+2 || last == len(raw)-1 {
		return false
	}
	for i := range len(raw) {
		c := raw[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
		if !letter && i != first && i != last {
			return false
		}
	}
	return true
}
