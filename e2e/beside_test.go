package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestCommandsBesideTheServer: commands that get only the data directory use the
// configuration of the server that runs there, whether it came from flags, the
// environment or a file.
func TestCommandsBesideTheServer(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "turnike.toml")
	if err := os.WriteFile(file, []byte("[tls]\nmode = \"off\"\n\n[password]\nmin_length = 20\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string][]harness.Option{
		"environment": {harness.Set("tls.mode", "off"), harness.Set("password.min_length", "20")},
		"file":        {harness.Env("TURNIKE_CONFIG=" + file)},
		"flags":       {harness.Args("--tls-mode", "off"), harness.Set("password.min_length", "20")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, opts...)
			beside := func(stdin string, args ...string) harness.Result {
				return harness.Command{Args: append(args, "--data", s.Data), Stdin: stdin}.Run(t)
			}
			if r := beside("", "healthcheck"); r.Code != 0 || r.Out != "healthy\n" {
				t.Errorf("healthcheck: %+v", r)
			}
			if r := beside("on bes harf bile yok\n", "user", "add", "gulizar", "--password-stdin"); r.Code != 0 {
				t.Errorf("20 characters: %+v", r)
			}
			if r := beside("yedi tane kelime!\n", "user", "add", "nurcan", "--password-stdin"); r.Code != 1 || !strings.Contains(r.Errout, "20") {
				t.Errorf("a password that the running server's policy refuses: %+v", r)
			}
		})
	}
}

// TestSEC55_CommandsNeedTheServersSecrets: the running server could not use a token
// signed with another key, or a hash without the pepper. The command fails with an
// explanation instead of creating one. The file that tells it contains no secret.
func TestSEC55_CommandsNeedTheServersSecrets(t *testing.T) {
	t.Parallel()
	secret := "Vq3Zr8mYtPw1Ls6Kd0Hx5Ng2Bc7Jf4Ra"
	s := harness.Start(t, harness.Env("JWT_SECRET_KEY="+secret), harness.Set("password.pepper", "0123456789abcdef-pepper"))
	left, err := os.ReadFile(filepath.Join(s.Data, "running.json"))
	if err != nil || strings.Contains(string(left), secret) || strings.Contains(string(left), "-pepper") {
		t.Errorf("%v\n%s", err, left)
	}
	if r := (harness.Command{Args: []string{"session", "issue", harness.People()[0], "--data", s.Data}}).Run(t); r.Code != 1 || !strings.Contains(r.Line(t), "TURNIKE_TOKEN_SECRET_FILE") {
		t.Errorf("session issue: %+v", r)
	}
	if r := (harness.Command{Args: []string{"user", "passwd", harness.People()[0], "--password-stdin", "--data", s.Data}, Stdin: harness.Password + "\n"}).Run(t); r.Code != 1 || !strings.Contains(r.Line(t), "password.pepper") {
		t.Errorf("user passwd: %+v", r)
	}
	s.Must("session", "issue", harness.People()[0]) // with the server's environment
}
