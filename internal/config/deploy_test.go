package config

import (
	"os"
	"regexp"
	"testing"
)

// TestDeployIdleTime: the proxies of deploy/ end an idle connection to the server
// before the server does, or one of their requests meets its end (RFC 9112,
// section 9.5).
func TestDeployIdleTime(t *testing.T) {
	cfg, err := load(t, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for file, setting := range map[string]string{
		"nginx/turnike.conf":  `(?m)^ *keepalive_timeout (\w+);`,
		"caddy/Caddyfile":     `(?m)^\s*keepalive (\w+)$`,
		"haproxy/haproxy.cfg": `(?m)^ *server .* pool-purge-delay (\w+)$`,
	} {
		raw, err := os.ReadFile("../../deploy/" + file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(setting).FindSubmatch(raw)
		if found == nil {
			t.Errorf("%s: nothing matches %s", file, setting)
			continue
		}
		if idle, err := ParseDuration(string(found[1])); err != nil || idle >= cfg.Server.IdleTimeout {
			t.Errorf("%s: %s, which is not below server.idle_timeout, %s (%v)", file, found[1], FormatDuration(cfg.Server.IdleTimeout), err)
		}
	}
}
