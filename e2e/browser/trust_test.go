package browser_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestTrust: after `turnike trust` curl accepts the server's certificate without options
// and Chromium shows the login page; before it and after --uninstall neither does. It
// changes the machine's trust store and restores it, so it runs only as root in CI, on
// disposable machines.
func TestTrust(t *testing.T) {
	if os.Geteuid() != 0 || os.Getenv("CI") == "" {
		t.Skip("it changes the machine's list of authorities: only as root and with CI set")
	}
	s := harness.Start(t)
	home := t.TempDir()
	turnike := func(args ...string) harness.Result {
		return harness.Command{Args: append(args, "--data", s.Data), Env: []string{"HOME=" + home}}.Run(t)
	}
	t.Cleanup(func() { turnike("trust", "--uninstall") })
	url := "https://localhost:" + s.Port() + "/"
	trusted := func(want bool) {
		t.Helper()
		out, err := program(t, home, "curl", "-sS", "--noproxy", "*", url)
		if (err == nil) != want {
			t.Errorf("curl: %v, want trusted: %t\n%s", err, want, out)
		}
		out, err = program(t, home, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
			"--disable-background-networking", "--no-first-run", "--no-proxy-server", "--user-data-dir="+t.TempDir(), "--dump-dom", url)
		if page := strings.Contains(out, `id="password"`); err != nil || page != want {
			t.Errorf("chromium: %v, want trusted: %t\n%.2000s", err, want, out)
		}
	}
	if r := turnike("trust"); r.Code != 0 || !strings.Contains(r.Out, "browsers: no certificate database below "+home) {
		t.Errorf("without a browser: %+v", r)
	}
	turnike("trust", "--uninstall")
	trusted(false) // from here on Chromium's own database is there, wherever this version keeps it
	for range 2 {  // a second run has no effect
		r := turnike("trust")
		if r.Code != 0 || !strings.Contains(r.Out, "system: trusts it now") || !strings.Contains(r.Out, "browsers: trust it now") {
			t.Fatalf("%+v", r)
		}
		t.Log(r.Out)
	}
	trusted(true)
	if r := turnike("trust", "--uninstall"); r.Code != 0 || !strings.Contains(r.Out, "system: does not trust it") || !strings.Contains(r.Out, "browsers: do not trust it") {
		t.Fatalf("%+v", r)
	}
	trusted(false)
}

// TestTrustCannot: the command reports what failed and how to do it manually; before the
// first start there is no CA to trust.
func TestTrustCannot(t *testing.T) {
	t.Parallel()
	r := harness.Command{Args: []string{"trust", "--data", t.TempDir()}}.Run(t)
	if line := r.Line(t); r.Code != 1 || !strings.Contains(line, "no local authority") {
		t.Errorf("%+v", r)
	}
	s := harness.Start(t)
	home := t.TempDir()
	profile := filepath.Join(home, ".mozilla", "firefox", "abc.default")
	if err := os.MkdirAll(profile, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(profile, "cert9.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r = harness.Command{Args: []string{"trust", "--data", s.Data}, Env: []string{"PATH=" + t.TempDir(), "HOME=" + home}}.Run(t)
	if r.Code != 1 || !strings.Contains(r.Out, "by hand: sudo cp "+s.Data+"/tls/ca.pem") || !strings.Contains(r.Out, "certutil -A -d sql:") {
		t.Errorf("%+v", r)
	}
}

// program runs a program with its own home directory.
func program(t *testing.T, home, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), harness.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "HOME="+home)
	var said strings.Builder
	cmd.Stdout = &said // what Chromium misses of a desktop on stderr is of no interest
	err := cmd.Run()
	return said.String(), err
}
