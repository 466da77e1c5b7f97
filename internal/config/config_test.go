package config

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// load reads a configuration from a file with the document, the environment
// and flags by key.
func load(t *testing.T, document string, env Environment, flags map[string]string) (Config, error) {
	t.Helper()
	src := Sources{Data: t.TempDir(), Env: env, Flags: Flags{}}
	if document != "" {
		src.File = filepath.Join(t.TempDir(), "turnike.toml")
		if err := os.WriteFile(src.File, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for key, text := range flags {
		src.Flags[key] = Flag{Name: "flag", Value: text}
	}
	return Load(src)
}

func TestConfigDefaults(t *testing.T) {
	c, err := load(t, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Rules()
	switch {
	case c.Server.Listen != ":5000", c.TLS.Mode != TLSAuto, c.Token.Lifetime != 24*time.Hour, c.Token.Secret.IsSet(),
		c.Seat.Limit != 3, r.Grace != 15*time.Second, r.ReclaimAfter != 3*time.Second, r.Handover != 30*time.Second,
		r.BootGrace != time.Minute, r.ConnsPerSession != 1, r.MaxPerUser != 1, r.Lifetime != 24*time.Hour,
		c.Presence.NamesUpTo != 5000, c.SocketIO.PingInterval != 10*time.Second, c.SocketIO.PingTimeout != 10*time.Second,
		c.SocketIO.ConnectTimeout != 5*time.Second, c.SocketIO.RegisterTimeout != 10*time.Second, c.SocketIO.MaxPayload != 65536,
		!slices.Equal(c.SocketIO.Transports, []string{"polling", "websocket"}), !c.RateLimit.Enabled,
		c.Password.MinLength != 12, c.Audit.Retention != 400*24*time.Hour, c.Audit.FailedLoginRetention != 30*24*time.Hour, len(c.Warnings) != 0:
		t.Errorf("%+v", c)
	}
}

// TestConfigOrder: flag, environment, file, default.
func TestConfigOrder(t *testing.T) {
	file, env, flag := "[seat]\ngrace = \"2s\"\n", Environment{"TURNIKE_SEAT_GRACE": "3s"}, map[string]string{"seat.grace": "4s"}
	for _, test := range []struct {
		want     time.Duration
		document string
		env      Environment
		flags    map[string]string
	}{
		{15 * time.Second, "", nil, nil},
		{2 * time.Second, file, nil, nil},
		{3 * time.Second, file, env, nil},
		{4 * time.Second, file, env, flag},
		{4 * time.Second, "", nil, flag},
	} {
		c, err := load(t, test.document, test.env, test.flags)
		if err != nil || c.Seat.Grace != test.want {
			t.Errorf("grace = %v, want %v (%v)", c.Seat.Grace, test.want, err)
		}
	}
}

// TestConfigTable: every key works in the file and in the environment, and has
// everything that a key needs.
func TestConfigTable(t *testing.T) {
	var c Config
	names := map[string]bool{}
	for _, f := range c.fields() {
		if f.doc == "" || strings.Count(f.key, ".") != 1 || names[f.key] || names[f.env()] {
			t.Errorf("%s: no meaning, or there twice", f.key)
		}
		names[f.key], names[f.env()] = true, true
		if f.kind == kindSecret {
			continue
		}
		if err := f.set(f.def); err != nil {
			t.Errorf("%s: its default is refused: %v", f.key, err)
		}
		section, name, _ := strings.Cut(f.key, ".")
		if _, err := load(t, "["+section+"]\n"+name+" = "+f.literal()+"\n", nil, nil); err != nil {
			t.Errorf("%s in the file: %v", f.key, err)
		}
		if _, err := load(t, "", Environment{f.env(): f.def}, nil); err != nil {
			t.Errorf("%s in the environment: %v", f.key, err)
		}
	}
}

// TestConfigRoundTrip: what check prints is a configuration that says the same.
func TestConfigRoundTrip(t *testing.T) {
	document := `
[server]
listen = "127.0.0.1:8443"
public_url = "HTTPS://Turnike.Example.com:443/"
trusted_proxies = ["10.0.0.0/8", "fd00::/8"]
[token]
lifetime = "90m"
[seat]
grace = 0
limit = 50
[socketio]
allowed_origins = ["https://app.example.com", "http://localhost:3000", "capacitor://localhost", "Ionic://localhost/"]
transports = ["websocket"]
[audit]
retention = "30d"
[password]
min_length = 15
`
	first, err := load(t, document, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if first.Server.PublicURL != "https://turnike.example.com" || first.Seat.Grace != 0 || len(first.Server.TrustedProxies) != 2 {
		t.Errorf("%+v", first)
	}
	var b strings.Builder
	if err := Print(&b, first); err != nil {
		t.Fatal(err)
	}
	second, err := load(t, b.String(), nil, nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	first.Data, second.Data, first.origins, second.origins = "", "", nil, nil
	if !reflect.DeepEqual(first, second) {
		t.Errorf("got  %+v\nwant %+v", second, first)
	}
}

// TestSEC55_CheckHidesSecrets: the dump has no secret, wherever it came from.
func TestSEC55_CheckHidesSecrets(t *testing.T) {
	const canary = "canary-5f1e77b0c2d94a6e8f30aa17c4be92d1"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(canary+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	document := "[password]\npepper_file = \"" + file + "\"\n"
	c, err := load(t, document, Environment{"JWT_SECRET_KEY": canary}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{"token": c.Token.Secret.Reveal(), "pepper": c.Password.Pepper.Reveal()} {
		if s != canary {
			t.Errorf("%s = %q", name, s)
		}
	}
	var b strings.Builder
	if err := Print(&b, c); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String()+strings.Join(c.Warnings, ""), canary) {
		t.Errorf("shown:\n%s\n%v", b.String(), c.Warnings)
	}
	if got := strings.Count(b.String(), `"[redacted]"`); got != 2 {
		t.Errorf("%d redacted:\n%s", got, b.String())
	}
	if err := toml.Unmarshal([]byte(b.String()), &map[string]any{}); err != nil {
		t.Errorf("not TOML: %v", err)
	}
	warnings := strings.Join(c.Warnings, "\n")
	for _, want := range []string{"JWT_SECRET_KEY_FILE", "chmod 600"} {
		if !strings.Contains(warnings, want) {
			t.Errorf("no warning says %s: %s", want, warnings)
		}
	}
}

func TestSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "0s": 0, "15s": 15 * time.Second, "1h30m": 90 * time.Minute,
		"400d": 400 * day, "1d": day, "250ms": 250 * time.Millisecond, "-1s": -time.Second} {
		d, err := ParseDuration(text)
		if err != nil || d != want {
			t.Errorf("parseSpan(%q) = %v, %v", text, d, err)
		}
		if again, err := ParseDuration(FormatDuration(d)); err != nil || again != d {
			t.Errorf("formatSpan(%v) = %q, read as %v, %v", d, FormatDuration(d), again, err)
		}
	}
	for _, text := range []string{"", "15", "1.5", "-3", "d", "1.5d", "-1d", "s", "15 s", "999999d", "∞", "0x10", "1e9", "99999999h"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("parseSpan(%q) = %v", text, d)
		}
	}
}

// TestEnvironmentNames: a variable of each secret has its _FILE as well, and
// the names are those of the contract.
func TestEnvironmentNames(t *testing.T) {
	var c Config
	aliases := map[string]string{}
	for _, f := range c.fields() {
		if f.otherEnv != "" {
			aliases[f.otherEnv] = f.key
		}
	}
	want := map[string]string{"JWT_SECRET_KEY": "token.secret", "MAX_CONNECTIONS": "seat.limit"}
	if !maps.Equal(aliases, want) {
		t.Errorf("%v", aliases)
	}
}

// TestMetricsInTheOpen: a listener that others reach is warned about.
func TestMetricsInTheOpen(t *testing.T) {
	for listen, warned := range map[string]bool{"127.0.0.1:9464": false, "localhost:9464": false, "[::1]:0": false, ":9464": true, "10.0.0.1:9464": true} {
		c, err := Load(Sources{Data: t.TempDir(), Env: Environment{"TURNIKE_METRICS_LISTEN": listen}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(c.Warnings, "\n"), "metrics.listen"); got != warned {
			t.Errorf("%s: warned %v, want %v", listen, got, warned)
		}
	}
}
