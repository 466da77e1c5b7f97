package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// longSecret is one that HS256 takes.
const longSecret = "9d0c2f7a4b1e6358a7c4d9e2f0b1c3a5"

// TestConfigErrors: what is wrong is refused with one line that names the key
// and says what to do.
func TestConfigErrors(t *testing.T) {
	secretFile := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secretFile, []byte(longSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		document string
		env      Environment
		want     string // the whole line
	}{
		{"unknown key", "[seat]\ngrase = \"1s\"", nil,
			"seat.grase (turnike.toml): there is no such key; did you mean seat.grace?"},
		{"unknown key without a near one", "[printer]\nhost = \"x\"", nil,
			"printer.host (turnike.toml): there is no such key; remove it"},
		{"unknown key at the top", "limit = 3", nil,
			"limit (turnike.toml): there is no such key; remove it"},
		{"section as a key", "seat = 3", nil,
			"seat (turnike.toml): this is a section; write its keys below [seat]"},
		{"not TOML", "[seat]\nlimit = = 3", nil,
			"turnike.toml, line 2, column 9: unexpected character U+003D '=' at start of value; correct the TOML there"},
		{"key twice", "[seat]\nlimit = 3\nlimit = 4", nil,
			"turnike.toml, line 3, column 1: key limit is already defined; correct the TOML there"},
		{"unknown variable", "", Environment{"TURNIKE_SEAT_LIMT": "3"},
			"TURNIKE_SEAT_LIMT (environment): there is no such variable; did you mean TURNIKE_SEAT_LIMIT?"},
		{"unknown variable without a near one", "", Environment{"TURNIKE_FOO": "3"},
			"TURNIKE_FOO (environment): there is no such variable; unset it"},
		{"_FILE of no secret", "", Environment{"TURNIKE_TLS_MODE_FILE": "x"},
			"TURNIKE_TLS_MODE_FILE (environment): there is no such variable; unset it"},
		{"limit by both names", "", Environment{"MAX_CONNECTIONS": "3", "TURNIKE_SEAT_LIMIT": "3"},
			"seat.limit: MAX_CONNECTIONS and TURNIKE_SEAT_LIMIT are both set; keep one of them"},
		{"secret by both names", "", Environment{"JWT_SECRET_KEY": longSecret, "TURNIKE_TOKEN_SECRET": longSecret},
			"token.secret: JWT_SECRET_KEY and TURNIKE_TOKEN_SECRET are both set; keep one of them"},
		{"secret and its file", "", Environment{"JWT_SECRET_KEY": longSecret, "JWT_SECRET_KEY_FILE": secretFile},
			"token.secret: JWT_SECRET_KEY and JWT_SECRET_KEY_FILE are both set; keep one of them"},
		{"secret and the twin's file", "", Environment{"JWT_SECRET_KEY_FILE": secretFile, "TURNIKE_TOKEN_SECRET_FILE": secretFile},
			"token.secret: JWT_SECRET_KEY_FILE and TURNIKE_TOKEN_SECRET_FILE are both set; keep one of them"},
		{"secret and its file in the file", "[token]\nsecret = \"a\"\nsecret_file = \"b\"", nil,
			"token.secret_file (turnike.toml): token.secret is set as well; keep one of them"},
		{"secret file of a wrong type", "[token]\nsecret_file = 3", nil,
			"token.secret_file (turnike.toml): wrong type; write the name of a file in quotes"},
		{"secret file that is not there", "", Environment{"JWT_SECRET_KEY_FILE": "/nowhere/x"},
			"token.secret (JWT_SECRET_KEY_FILE): open /nowhere/x: no such file or directory; name a readable file with the secret in it"},
		{"empty secret", "[token]\nsecret = \"\"", nil,
			"token.secret (turnike.toml): it is empty: give it a value, or leave it unset"},
		{"mail without a server", "[mail]\nto = [\"owner@example.com\"]\n", nil,
			"mail.smtp: mail.to is set and there is no server to send by; name it, host:port, or remove mail.to"},
		{"mail without a sender", "[mail]\nto = [\"owner@example.com\"]\nsmtp = \"smtp.example.com:587\"\n", nil,
			"mail.from: mail.to is set and the mails have no sender; name one, or remove mail.to"},
		{"mail in the clear", "[mail]\nto = [\"owner@example.com\"]\nfrom = \"t@example.com\"\nsmtp = \"smtp.example.com:25\"\ntls = \"none\"\n", nil,
			`mail.tls: "none" would send mails in the clear to smtp.example.com; use "starttls" or "implicit"`},
		{"mail account without a password", "[mail]\nusername = \"turnike\"\n", nil,
			"mail.password: mail.username is set and there is no password; set it, or remove mail.username"},
		{"mail to more than a mailbox", "[mail]\nto = [\"owner@example.com\\r\\nBcc: x@example.com\"]\n", nil,
			`mail.to (turnike.toml): "owner@example.com\r\nBcc: x@example.com" is not a mail address: it has a line end or a NUL in it`},
		{"mail to a quoted local part", "[mail]\nto = [\"\\\"a b\\\"@example.com\"]\n", nil,
			`mail.to (turnike.toml): "\"a b\"@example.com" is not a mail address: write a plain one such as "owner@example.com", in ASCII`},
		{"smtp without a port", "[mail]\nsmtp = \"smtp.example.com\"\n", nil,
			`mail.smtp (turnike.toml): "smtp.example.com" is not host:port: write one such as "smtp.example.com:587"`},
		{"no such authority", "[mail]\nca_file = \"/nowhere/ca.pem\"\n", nil,
			"mail.ca_file: open /nowhere/ca.pem: no such file or directory; name a readable file"},
		{"short metrics token", "", Environment{"TURNIKE_METRICS_TOKEN": "123456789012345"},
			"metrics.token (TURNIKE_METRICS_TOKEN): it has 15 bytes: use 16 random ones or more"},
		{"metrics token that fits no header", "", Environment{"TURNIKE_METRICS_TOKEN": "123456789012345 6"},
			"metrics.token (TURNIKE_METRICS_TOKEN): it does not fit into a header: use letters and digits"},
		{"profiles nowhere", "", Environment{"TURNIKE_METRICS_PPROF": "true"},
			`metrics.pprof: profiles are served on metrics.listen alone, and it is not set; set it, say to "127.0.0.1:9464", or remove metrics.pprof`},
		{"short pepper", "", Environment{"TURNIKE_PASSWORD_PEPPER": "123456789012345"},
			"password.pepper (TURNIKE_PASSWORD_PEPPER): it has 15 bytes: use 16 random ones or more"},

		{"duration without a unit", "", Environment{"TURNIKE_SEAT_GRACE": "15"},
			`seat.grace (TURNIKE_SEAT_GRACE): "15" has no unit: write a duration such as "15s"`},
		{"bare number as a duration", "[seat]\ngrace = 15", nil,
			`seat.grace (turnike.toml): "15" has no unit: write a duration such as "15s"`},
		{"duration below its bound", "[token]\nlifetime = 0", nil,
			`token.lifetime (turnike.toml): "0" is not from 1s to 400d`},
		{"negative duration", "[seat]\ngrace = \"-1s\"", nil,
			`seat.grace (turnike.toml): "-1s" is not from 0s to 24h`},
		{"string as a number", "[seat]\nlimit = \"3\"", nil,
			"seat.limit (turnike.toml): wrong type; write a whole number"},
		{"fraction", "[seat]\nlimit = 3.5", nil,
			"seat.limit (turnike.toml): wrong type; write a whole number"},
		{"number as a toggle", "[ratelimit]\nenabled = 1", nil,
			"ratelimit.enabled (turnike.toml): wrong type; write true or false"},
		{"word as a toggle", "", Environment{"TURNIKE_RATELIMIT_ENABLED": "yes"},
			`ratelimit.enabled (TURNIKE_RATELIMIT_ENABLED): "yes" is not true or false`},
		{"string as a list", "[socketio]\ntransports = \"websocket\"", nil,
			`socketio.transports (turnike.toml): wrong type; write an array of strings, such as ["a", "b"]`},
		{"number in a list", "[socketio]\ntransports = [1]", nil,
			`socketio.transports (turnike.toml): wrong type; write an array of strings, such as ["a", "b"]`},
		{"date", "[seat]\ngrace = 2024-01-01", nil,
			`seat.grace (turnike.toml): wrong type; write a duration in quotes, such as "15s"`},
		{"no seats", "", Environment{"MAX_CONNECTIONS": "0"},
			`seat.limit (MAX_CONNECTIONS): "0" is not a whole number from 1 to 1000000`},
		{"too many seats", "", Environment{"MAX_CONNECTIONS": "1000001"},
			`seat.limit (MAX_CONNECTIONS): "1000001" is not a whole number from 1 to 1000000`},
		{"number that is none", "", Environment{"MAX_CONNECTIONS": "three\nlines"},
			`seat.limit (MAX_CONNECTIONS): "three\nlines" is not a whole number from 1 to 1000000`},
		{"payload past its bound", "[socketio]\nmax_payload = 1048577", nil,
			`socketio.max_payload (turnike.toml): "1048577" is not a whole number from 1024 to 1048576`},
		{"password floor", "[password]\nmin_length = 7", nil,
			`password.min_length (turnike.toml): "7" is not a whole number from 8 to 128`},
		{"cheap hashes", "[password]\nmemory = 7168", nil,
			"password.memory, password.time, password.threads: unusable argon2id parameters: with time 2 the memory is at least 19456 KiB, not 7168; remove them to have the defaults"},

		{"listen without a port", "", Environment{"TURNIKE_SERVER_LISTEN": "localhost"},
			`server.listen (TURNIKE_SERVER_LISTEN): "localhost" is not host:port: write one such as ":5000" or "127.0.0.1:5000"`},
		{"listen on a port that is none", "", Environment{"TURNIKE_SERVER_LISTEN": ":65536"},
			`server.listen (TURNIKE_SERVER_LISTEN): "65536" is not a port from 0 to 65535`},
		{"public_url with a path", "[server]\npublic_url = \"https://a.example/app\"", nil,
			`server.public_url (turnike.toml): "https://a.example/app" is not an origin: write one such as "https://app.example.com"`},
		{"public_url of an app", "[server]\npublic_url = \"capacitor://localhost\"", nil,
			`server.public_url (turnike.toml): "capacitor://localhost" is not an address of the web: write one such as "https://app.example.com"`},
		{"public_url in the clear", "[server]\npublic_url = \"http://a.example\"", nil,
			`server.public_url (turnike.toml): "http://a.example" would send passwords in the clear: write https://`},
		{"SEC-47 proxy that is no network", "[server]\ntrusted_proxies = [\"proxy\"]", nil,
			`server.trusted_proxies (turnike.toml): "proxy" is not a network: write one such as "10.0.0.0/8"`},
		{"SEC-47 proxy without a mask", "[server]\ntrusted_proxies = [\"10.0.0.1\"]", nil,
			`server.trusted_proxies (turnike.toml): "10.0.0.1" is an address: write the network "10.0.0.1/32"`},
		{"SEC-47 proxy with bits outside", "[server]\ntrusted_proxies = [\"10.0.0.1/8\"]", nil,
			`server.trusted_proxies (turnike.toml): "10.0.0.1/8" has bits outside its mask: write "10.0.0.0/8"`},
		{"SEC-47 every client", "[server]\ntrusted_proxies = [\"0.0.0.0/0\"]", nil,
			`server.trusted_proxies (turnike.toml): "0.0.0.0/0" would trust every client: name the networks of your proxies`},
		{"SEC-47 PROXY protocol without proxies", "[server]\nproxy_protocol = true", nil,
			`server.proxy_protocol: no client could connect; name the networks of your proxies in server.trusted_proxies`},
		{"SEC-49 base path without its slash", "[server]\nbase_path = \"turnike\"", nil,
			`server.base_path (turnike.toml): "turnike" is not a base path: write one such as "/turnike", of letters, digits and - . _ ~`},
		{"SEC-49 base path that leads out", "[server]\nbase_path = \"/a/../b\"", nil,
			`server.base_path (turnike.toml): "/a/../b" is not a base path: write one such as "/turnike", of letters, digits and - . _ ~`},
		{"SEC-32 any origin", "[socketio]\nallowed_origins = [\"*\"]", nil,
			`socketio.allowed_origins (turnike.toml): "*" is not an origin: write one such as "https://app.example.com"`},
		{"SEC-32 origin null", "[socketio]\nallowed_origins = [\"null\"]", nil,
			`socketio.allowed_origins (turnike.toml): "null" is not an origin: write one such as "https://app.example.com"`},
		{"SEC-32 origin without a host", "[socketio]\nallowed_origins = [\"file://\"]", nil,
			`socketio.allowed_origins (turnike.toml): "file://" is not an origin: write one such as "https://app.example.com"`},
		{"SEC-32 origin with a star", "[socketio]\nallowed_origins = [\"https://*.example.com\"]", nil,
			`socketio.allowed_origins (turnike.toml): "https://*.example.com" is not an origin: write one such as "https://app.example.com"`},
		{"origin twice", "[socketio]\nallowed_origins = [\"https://a.example\", \"https://A.example:443\"]", nil,
			`socketio.allowed_origins (turnike.toml): "https://A.example:443" is there twice: remove one`},
		{"no transport", "[socketio]\ntransports = []", nil,
			`socketio.transports: no client could connect; name "polling", "websocket" or both`},
		{"transport that is none", "", Environment{"TURNIKE_SOCKETIO_TRANSPORTS": "websocket,webtransport"},
			`socketio.transports (TURNIKE_SOCKETIO_TRANSPORTS): "webtransport" is not one of "polling" or "websocket"`},

		{"acme", "[tls]\nmode = \"acme\"", nil,
			`server.public_url: tls.mode is "acme" and there is no name for the certificate; set it to the https address that users type`},
		{"acme terms", "[server]\npublic_url = \"https://turnike.example.com\"\n[tls]\nmode = \"acme\"\nacme_directory = \"https://ca.example.com/dir\"", nil,
			`tls.acme_agree: read the terms of service of https://ca.example.com/dir, then set it to true`},
		{"acme unused", "[tls]\nacme_email = \"ops@example.com\"", nil,
			`tls.acme_email: it is not used while tls.mode is "auto"; set tls.mode to "acme" or remove it`},
		{"no TLS mode", "[tls]\nmode = \"on\"", nil,
			`tls.mode (turnike.toml): "on" is not one of "auto", "files", "acme" or "off"`},
		{"TLS off on every address", "[tls]\nmode = \"off\"", nil,
			`tls.mode: "off" would send passwords in the clear on :5000; use "auto", listen on 127.0.0.1, or set server.public_url to the https address of the proxy in front`},
		{"files without a certificate", "[tls]\nmode = \"files\"", nil,
			`tls.cert_file: tls.mode is "files" and there is no certificate; name its PEM file`},
		{"files without a key", "[tls]\nmode = \"files\"\ncert_file = \"c.pem\"", nil,
			`tls.key_file: tls.mode is "files" and there is no key; name its PEM file`},
		{"certificate that is not used", "[tls]\ncert_file = \"c.pem\"", nil,
			`tls.cert_file: it is not used while tls.mode is "auto"; set tls.mode to "files" or remove it`},
		{"SEC-54 PostgreSQL", "", Environment{"TURNIKE_DATABASE_URL": "postgres://u:canary@h/db"},
			`database.url (TURNIKE_DATABASE_URL): PostgreSQL is not built yet: use "sqlite:"`},
		{"A4 no policy", "[session]\npolicy = \"reject\"", nil,
			`session.policy (turnike.toml): "reject" is not one of "replace", "deny" or "ask"`},
		{"S11 of later", "[session]\nidle = \"30m\"", nil,
			`session.idle (turnike.toml): this is not built yet: leave it at 0`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, test.document, test.env, nil)
			if err == nil {
				t.Fatal("accepted")
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), longSecret) {
				t.Error("more than one line, or a secret")
			}
		})
	}
}

// TestSEC12_PlaceholderSecrets: well-known secrets keep the server from starting.
func TestSEC12_PlaceholderSecrets(t *testing.T) {
	for _, placeholder := range []string{":D", "changeme", "secret", strings.Repeat("a", 64), longSecret[:31]} {
		for _, name := range []string{"JWT_SECRET_KEY", "TURNIKE_TOKEN_SECRET"} {
			_, err := load(t, "", Environment{name: placeholder}, nil)
			if err == nil {
				t.Fatalf("%q is accepted", placeholder)
			}
			if line := err.Error(); !strings.HasPrefix(line, "token.secret ("+name+"): ") || len(placeholder) > 8 && strings.Contains(line, placeholder) {
				t.Errorf("%s", line)
			}
		}
	}
	if _, err := load(t, "", Environment{"JWT_SECRET_KEY": longSecret}, nil); err != nil {
		t.Errorf("a good one: %v", err)
	}
}

// TestUnsafeCombinations: what is unsafe on the network is allowed where it is
// not.
func TestUnsafeCombinations(t *testing.T) {
	for name, document := range map[string]string{
		"off on loopback":            "[tls]\nmode = \"off\"\n[server]\nlisten = \"127.0.0.1:5000\"",
		"off on loopback, IPv6":      "[tls]\nmode = \"off\"\n[server]\nlisten = \"[::1]:5000\"",
		"off on localhost":           "[tls]\nmode = \"off\"\n[server]\nlisten = \"localhost:5000\"",
		"off behind a proxy":         "[tls]\nmode = \"off\"\n[server]\npublic_url = \"https://a.example\"",
		"public_url on this machine": "[server]\npublic_url = \"http://localhost:5000\"",
	} {
		if _, err := load(t, document, nil, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
