package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
)

// header is what the first part of a token may say. A key or its address in
// it (jwk, jku, x5c, x5u), an extension (crit, b64) or a compression (zip) is
// no header of ours [SEC-20] [SEC-21] [SEC-22].
type header struct {
	alg, typ string
	kid      string // "" when it names no key
}

// parseHeader reads the first part of a token. A name that comes twice, or in
// another case, or a value that is no string, is refused: other programs would
// read another header than we.
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
		// A name in a JSON object is a string, of which More and Token see to.
		key, _ := name.(string)
		field := fields[key]
		if field == nil {
			return header{}, false
		}
		delete(fields, key) // the second time it is unknown
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

// wellFormed tells, without reading more of it, whether raw is three parts of
// base64url, none of them empty, in at most MaxLength bytes [SEC-22].
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
