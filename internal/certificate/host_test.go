package certificate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/certificate"
)

func TestHosts(t *testing.T) {
	hosts := certificate.Hosts("", "turnike.example.com")
	for _, want := range []string{"localhost", "127.0.0.1", "::1", "turnike.example.com"} {
		if !slices.Contains(hosts, want) {
			t.Errorf("%s is not in %v", want, hosts)
		}
	}
	if slices.Contains(hosts, "") {
		t.Errorf("an empty name in %q", hosts)
	}
	for _, bad := range []string{"", ".", "a..b", "-a.example.com", "a-.example.com", "a b", "ünlü.example.com", "*.example.com", "a/b", "300.1.1.1", "1.2.3", "fe80::1%eth0",
		strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 130) + "com", "a\x00b", "https://example.com", "example.com:5000", "[::1"} {
		if _, err := certificate.Local(t.TempDir(), []string{bad}, never(t)); !errors.Is(err, certificate.ErrCertificate) {
			t.Errorf("%.80q: %v", bad, err)
		}
	}
}
