package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/secret"
)

// canaryOf is a value that every secret's check likes, and nothing else has.
func canaryOf(i int) string { return fmt.Sprintf("canary-%d-9c4be92d15f1e77b0c2d94a6e8f30aa1", i) }

// hiddenKeys lists what the table calls a secret.
func hiddenKeys() []string {
	var keys []string
	for _, f := range new(Config).fields() {
		if f.kind == kindSecret {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// revealed gives every secret that a value has in it.
func revealed(v reflect.Value) (all []string) {
	if s, ok := reflect.TypeAssert[secret.Secret](v); ok {
		return []string{s.Reveal()}
	}
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Struct && v.Type().Field(i).IsExported() {
			all = append(all, revealed(f)...)
		}
	}
	return all
}

// put writes a file with the mode and gives its name.
func put(t *testing.T, dir, name, content string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestSEC55_EverySecretFromAFile: each secret of the table comes from a file
// that the environment names (as Docker's in /run/secrets), one that the
// configuration names, or a credential of the unit; it is in force, and is not
// shown by any of the ways in which Go prints a value, by the dump or by JSON.
func TestSEC55_EverySecretFromAFile(t *testing.T) {
	keys := hiddenKeys()
	if len(keys) < 3 {
		t.Fatalf("secrets: %v", keys)
	}
	ways := map[string]func(t *testing.T, i int, key string, env Environment, document *strings.Builder){
		"environment": func(t *testing.T, i int, key string, env Environment, _ *strings.Builder) {
			env[field{key: key}.env()+"_FILE"] = put(t, t.TempDir(), "secret", canaryOf(i)+"\n", 0o600)
		},
		"file": func(t *testing.T, i int, key string, _ Environment, document *strings.Builder) {
			section, name, _ := strings.Cut(key, ".")
			fmt.Fprintf(document, "%s.%s_file = %q\n", section, name, put(t, t.TempDir(), "secret", canaryOf(i), 0o640))
		},
		"credential": func(t *testing.T, i int, key string, env Environment, _ *strings.Builder) {
			if env[envCredentials] == "" {
				env[envCredentials] = t.TempDir()
			}
			put(t, env[envCredentials], "turnike."+key, canaryOf(i), 0o400)
			put(t, env[envCredentials], "other", "of another program", 0o400)
		},
	}
	for way, set := range ways {
		t.Run(way, func(t *testing.T) {
			env, document := Environment{}, new(strings.Builder)
			for i, key := range keys {
				set(t, i, key, env, document)
			}
			c, err := load(t, document.String(), env, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Warnings) != 0 {
				t.Errorf("advice: %v", c.Warnings)
			}
			got := revealed(reflect.ValueOf(c))
			for i := range keys {
				if !slices.Contains(got, canaryOf(i)) {
					t.Errorf("%s is not in force", keys[i])
				}
			}
			var dump strings.Builder
			if err := Print(&dump, c); err != nil {
				t.Fatal(err)
			}
			asJSON, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			for what, shown := range map[string]string{"dump": dump.String(), "JSON": string(asJSON), "%v": fmt.Sprintf("%v", c),
				"%+v": fmt.Sprintf("%+v", c), "%#v": fmt.Sprintf("%#v", c)} {
				if strings.Contains(shown, "canary-") {
					t.Errorf("%s shows a secret: %s", what, shown)
				}
			}
		})
	}
}

// TestSEC55_WideModes: each file with a secret that others can read is warned of
// by the key and by name.
func TestSEC55_WideModes(t *testing.T) {
	for i, key := range hiddenKeys() {
		env := Environment{envCredentials: t.TempDir()}
		if key == "token.secret_previous" {
			put(t, env[envCredentials], "turnike.token.secret", canaryOf(9), 0o400)
		}
		file := put(t, env[envCredentials], "turnike."+key, canaryOf(i), 0o644)
		c, err := load(t, "", env, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], key+": ") || !strings.Contains(c.Warnings[0], file) {
			t.Errorf("%s: advice %v", key, c.Warnings)
		}
	}
	data := t.TempDir()
	file := put(t, data, "token.key", "", 0o644)
	c, err := Load(Sources{Data: data})
	if err != nil || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], file) {
		t.Errorf("token.key: %v, %v", c.Warnings, err)
	}
}

// TestSEC55_TwoSources: a credential beside another source of the same secret
// stops the start, and both are named; so does a credential that is for nothing.
func TestSEC55_TwoSources(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "turnike.token.secret", canaryOf(1), 0o400)
	file := put(t, t.TempDir(), "secret", canaryOf(2), 0o600)
	for name, c := range map[string]struct {
		document string
		env      Environment
		words    []string
	}{
		"environment":      {"", Environment{"JWT_SECRET_KEY": canaryOf(2)}, []string{"JWT_SECRET_KEY"}},
		"environment file": {"", Environment{"TURNIKE_TOKEN_SECRET_FILE": file}, []string{"TURNIKE_TOKEN_SECRET_FILE"}},
		"file":             {"token.secret_file = \"" + file + "\"\n", Environment{}, []string{"token.secret_file in turnike.toml"}},
	} {
		c.env[envCredentials] = dir
		_, err := load(t, c.document, c.env, nil)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, word := range append(c.words, "token.secret", "credential turnike.token.secret", "keep one") {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %v does not say %q", name, err, word)
			}
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	put(t, dir, "turnike.token.secrte", "x", 0o400)
	if _, err := load(t, "", Environment{envCredentials: dir}, nil); err == nil || !strings.Contains(err.Error(), "did you mean turnike.token.secret?") {
		t.Errorf("a mistyped credential: %v", err)
	}
}
