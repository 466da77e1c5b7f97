package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/secret/secretfile"
)

// maxConfigFile is the greatest size of the file in bytes.
const maxConfigFile = 1 << 20

// fileLayer reads the configuration file. An unknown key is an error.
func (c *Config) fileLayer(name string, fields []field) (layer, error) {
	out := layer{}
	if name == "" {
		return out, nil
	}
	document, tooOpen, err := readConfigFile(name)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w; correct --config or TURNIKE_CONFIG", err)
	}
	base := filepath.Base(name)
	document, err = withoutMark(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", base, err)
	}
	values := map[string]any{}
	if err := toml.Unmarshal(document, &values); err != nil {
		return nil, tomlError(base, err)
	}
	flat := map[string]any{}
	flatten(flat, "", values)

	known, paths := map[string]field{}, map[string]field{}
	for _, f := range fields {
		known[f.key] = f
		if f.kind == kindSecret {
			paths[f.key+"_file"] = f
		}
	}
	for _, key := range slices.Sorted(maps.Keys(flat)) {
		f, isKey := known[key]
		pathOf, isPath := paths[key]
		switch {
		case isKey:
			if tooOpen && f.kind == kindSecret {
				c.Warn("%s: others can use %s, chmod 600 it", key, name) // [SEC-55]
			}
			out[key] = setting{origin: base, typed: flat[key]}
		case isPath:
			text, ok := flat[key].(string)
			if _, both := flat[pathOf.key]; both {
				return nil, fmt.Errorf("%s (%s): %s is set as well; keep one of them", key, base, pathOf.key)
			}
			if !ok || text == "" {
				return nil, fmt.Errorf("%s (%s): wrong type; write the name of a file in quotes", key, base)
			}
			out[pathOf.key] = setting{origin: key + " in " + base, text: text, path: true}
		default:
			return nil, unknownKey(key, base, fields)
		}
	}
	return out, nil
}

// readConfigFile returns the content of the file and whether its permissions are
// wider than 0640.
func readConfigFile(name string) (document []byte, tooOpen bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	document, err = io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	if err == nil && len(document) > maxConfigFile {
		err = fmt.Errorf("%s has more than %d bytes", name, maxConfigFile)
	}
	return document, secretfile.TooOpen(info), err
}

// withoutMark removes the byte order mark that some editors write before UTF-8. It
// returns an error for UTF-16.
func withoutMark(document []byte) ([]byte, error) {
	if bytes.HasPrefix(document, []byte{0xff, 0xfe}) || bytes.HasPrefix(document, []byte{0xfe, 0xff}) {
		return nil, errors.New("the file is UTF-16; save it as UTF-8")
	}
	return bytes.TrimPrefix(document, []byte("\ufeff")), nil
}

// flatten copies nested tables into out with keys of the form section.name.
func flatten(out map[string]any, prefix string, values map[string]any) {
	for key, value := range values {
		if table, ok := value.(map[string]any); ok {
			flatten(out, prefix+key+".", table)
			continue
		}
		out[prefix+key] = value
	}
}

// tomlError returns the parser's message in one line with its position.
func tomlError(base string, err error) error {
	message := strings.TrimPrefix(err.Error(), "toml: ")
	message, _, _ = strings.Cut(message, "\n")
	if at, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, column := at.Position()
		return fmt.Errorf("%s, line %d, column %d: %s; correct the TOML there", base, row, column, message)
	}
	return fmt.Errorf("%s: %s; correct the TOML", base, message)
}

// unknownKey returns the error for an unknown key and suggests a similar one.
func unknownKey(key, origin string, fields []field) error {
	sections := map[string]bool{}
	keys := make([]string, 0, len(fields))
	for _, f := range fields {
		section, _, _ := strings.Cut(f.key, ".")
		sections[section] = true
		keys = append(keys, f.key)
	}
	key = strings.Trim(input.Quote(key), `"`)
	if sections[key] {
		return fmt.Errorf("%s (%s): this is a section; write its keys below [%s]", key, origin, key)
	}
	if near := input.Nearest(key, keys); near != "" {
		return fmt.Errorf("%s (%s): there is no such key; did you mean %s?", key, origin, near)
	}
	return fmt.Errorf("%s (%s): there is no such key; remove it", key, origin)
}
