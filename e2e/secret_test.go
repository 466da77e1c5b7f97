package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestSEC15_DumpLogsNobodyIn: the data directory and the log contain no usable
// credential.
func TestSEC15_DumpLogsNobodyIn(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("log.level", "debug"))
	b := s.Browser()
	token := b.Login("ali").Token
	s.Browser().TryLogin("ali", "Yanlis-parola-1234").Want(401)
	k := s.Dial(harness.Dial{Transport: harness.Polling, Token: token, Cookie: b.CookieHeader(), Origin: s.URL})
	k.RegisterWith(map[string]any{"token": token, "username": "ali"})
	issued := s.Issue("veli")["veli"]
	secrets := map[string]string{
		"the password": harness.Password, "a wrong password": "Yanlis-parola-1234", "the device cookie": b.Cookies[harness.DeviceCookie],
		"the token": token, "an issued token": issued, "the signature": token[strings.LastIndexByte(token, '.')+1:],
	}
	s.Stop()
	for what, secret := range secrets {
		if strings.Contains(s.Stderr(), secret) {
			t.Errorf("%s is in the log", what)
		}
	}
	err := filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for what, secret := range secrets {
			if strings.Contains(string(raw), secret) {
				t.Errorf("%s is in %s", what, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Run()
}

// TestSEC64_ProblemsTellNothing: refusals reveal no internals, and each has a request
// id.
func TestSEC64_ProblemsTellNothing(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	ids := map[string]bool{}
	for _, r := range []harness.Request{
		{Path: "/nowhere"}, {Path: "/socket"}, {Method: "POST", Path: "/login-token", Body: `{"username":1}`, Header: map[string]string{"Content-Type": "application/json"}},
		{Method: "TRACE", Path: "/"}, {Path: "/socket", Header: map[string]string{"Authorization": "Bearer a.b.c"}},
	} {
		a := s.Browser().Do(r)
		for _, inside := range []string{"goroutine", ".go:", "sql", "panic", "internal/", "json:", "jwt", "%!"} {
			if strings.Contains(strings.ToLower(a.Body), inside) {
				t.Errorf("%s %s: %q in %s", r.Method, r.Path, inside, a.Body)
			}
		}
		doc := a.Problem(a.Status, problemCode(a.Body))
		id, _ := doc["request_id"].(string)
		if id == "" || ids[id] {
			t.Errorf("%s %s: request id %q", r.Method, r.Path, id)
		}
		ids[id] = true
	}
}

func problemCode(body string) string {
	_, rest, _ := strings.Cut(body, `"code":"`)
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

// TestContractProblemLanguage: problem documents are in the reader's language.
func TestContractProblemLanguage(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	said := map[string]string{}
	for lang, header := range map[string]string{"tr": "tr-TR,tr;q=0.9,en;q=0.5", "en": "en-GB,en;q=0.9"} {
		a := s.Browser().Do(harness.Request{Method: "POST", Path: "/login-token", JSON: harness.Credentials{Username: "ali", Password: "wrong-wrong-wrong"},
			Header: map[string]string{"Accept-Language": header}})
		said[lang], _ = a.Problem(401, "invalid_credentials")["message"].(string)
	}
	if said["tr"] == said["en"] || said["tr"] == "" || said["en"] == "" {
		t.Errorf("messages %q", said)
	}
	// Without Accept-Language a program gets English; a page gets the default language.
	for _, header := range []map[string]string{{}, {"Accept-Language": "*"}} {
		a := s.Browser().Do(harness.Request{Path: "/socket", Header: header})
		if doc := a.Problem(401, "unauthorized"); doc["message"] != "Log in to continue." {
			t.Errorf("%v: %s", header, a.Body)
		}
		header["Accept"] = "text/html"
		if a := s.Browser().Do(harness.Request{Path: "/nowhere", Header: header}); !strings.Contains(a.Body, `<html lang="tr">`) {
			t.Errorf("%v: %s", header, a.Body)
		}
	}
	if e := refusedWith(t, s.Open(harness.Dial{}).Connect(), "invalid_token"); !strings.Contains(e.Message, "Log in to continue.") {
		t.Errorf("a socket: %q", e.Message)
	}
}

// TestSEC55_SecretsStayInside: a server that reads all its secrets from credentials of
// its unit shows none of them in its arguments, environment, log, configuration dump or
// answers, nor when it refuses to start.
func TestSEC55_SecretsStayInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	canaries := map[string]string{
		"turnike.token.secret":          "canary-one-" + secret,
		"turnike.token.secret_previous": "canary-two-" + secret,
		"turnike.password.pepper":       "canary-three-" + secret,
		"turnike.bootstrap_password":    "canary-four-" + secret,
	}
	for name, value := range canaries {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	s := harness.Start(t, harness.Empty(), harness.Env("CREDENTIALS_DIRECTORY="+dir), harness.Set("log.level", "debug"))
	var l harness.Login
	s.Browser().TryLogin("admin", canaries["turnike.bootstrap_password"]).Want(200).Decode(&l)
	if tok := harness.ParseToken(t, l.Token); string(tok.Signature) != string(harness.HS256([]byte(canaries["turnike.token.secret"]), tok.Signed)) {
		t.Error("the credential does not sign")
	}
	shown := map[string]string{"stdout": strings.Join(s.Stdout(), "\n"), "check": s.Must("check"), "version": s.Browser().Get("/version").Body}
	for _, file := range []string{"cmdline", "environ"} {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.PID(), file))
		if err != nil {
			t.Fatal(err)
		}
		shown[file] = string(raw)
	}
	s.Stop()
	shown["log"] = s.Stderr()
	if err := os.Chmod(filepath.Join(dir, "turnike.token.secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := harness.Command{Args: []string{"serve", "--data", t.TempDir()}, Env: []string{"CREDENTIALS_DIRECTORY=" + dir, "JWT_SECRET_KEY=canary-five-" + secret}}.Run(t)
	if r.Code != 1 || !strings.Contains(r.Line(t), "JWT_SECRET_KEY") {
		t.Errorf("two sources: %+v", r)
	}
	shown["refusal"] = r.Errout + r.Out
	for what, text := range shown {
		if strings.Contains(text, "canary-") {
			t.Errorf("%s shows a secret:\n%s", what, text)
		}
	}
	s.Run()
}
