package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestCLIUsers: every account command, with the server running.
func TestCLIUsers(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	const password = "Yeni-bir-parola-2026"
	add := func(args ...string) harness.Result {
		return s.CLIWith(password+"\n", append(append([]string{"user", "add"}, args...), "--password-stdin")...)
	}
	if r := add("mehmet"); r.Code != 0 {
		t.Fatalf("%+v", r)
	}
	s.Browser().TryLogin("mehmet", password).Want(200)
	s.Must("pool", "set", "acme", "--limit", "4")
	if r := add("elif", "--role", "admin", "--pool", "acme"); r.Code != 0 {
		t.Fatalf("%+v", r)
	}
	want := []harness.UserRow{{Username: "elif", Role: "admin", Pool: "acme"}, {Username: "mehmet", Role: "user", Pool: "default"}}
	for _, w := range want {
		if !slices.Contains(s.Accounts(), w) {
			t.Errorf("%+v is not in %+v", w, s.Accounts())
		}
	}
	for name, r := range map[string]harness.Result{
		"taken":        add("mehmet"),
		"taken, case":  add("MEHMET"),
		"bad name":     add("a\tb"),
		"unknown pool": add("can", "--pool", "nowhere"),
		"bad role":     add("can", "--role", "root"),
		"short":        s.CLIWith("kisa\n", "user", "add", "can", "--password-stdin"),
		"common":       s.CLIWith("password1234\n", "user", "add", "can", "--password-stdin"),
		"empty":        s.CLIWith("\n", "user", "add", "can", "--password-stdin"),
		"unknown set":  s.CLI("user", "set", "nobody", "--role", "admin"),
		"unknown dis":  s.CLI("user", "disable", "nobody"),
		"unknown en":   s.CLI("user", "enable", "nobody"),
		"unknown del":  s.CLI("user", "delete", "nobody"),
		"unknown pw":   s.CLIWith(password+"\n", "user", "passwd", "nobody", "--password-stdin"),
	} {
		if name == "bad role" && r.Code == 2 { // a usage error
			continue
		}
		if r.Code != 1 || r.Out != "" || r.Line(t) == "" {
			t.Errorf("%s: %+v", name, r)
		}
		if strings.Contains(r.Errout, password) {
			t.Errorf("I8: %s: the password is shown", name)
		}
	}
	s.Must("user", "disable", "mehmet")
	if !slices.Contains(s.Accounts(), harness.UserRow{Username: "mehmet", Role: "user", Pool: "default", Disabled: true}) {
		t.Errorf("%+v", s.Accounts())
	}
	s.Must("user", "delete", "mehmet")
	if out := s.Must("user", "list"); strings.Contains(out, "mehmet") || !strings.Contains(out, "elif") {
		t.Errorf("user list:\n%s", out)
	}
}

// TestCLIUsage: invalid commands exit with code 2.
func TestCLIUsage(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, args := range [][]string{
		{}, {"nonsense"}, {"user"}, {"user", "add"}, {"user", "list", "--nonsense"}, {"session", "end"}, {"session", "issue"},
		{"pool", "set", "default", "--limit", "many"}, {"serve", "extra"}, {"session", "end", "x", "--user", "ali"}, {"completion", "tcsh"},
	} {
		r := harness.Command{Args: append(args, "--data", data)}.Run(t)
		if len(args) == 0 && r.Code != 0 && strings.Contains(r.Out+r.Errout, "Usage") {
			continue
		}
		if r.Code != 2 || r.Errout == "" {
			t.Errorf("turnike %s: %+v, want exit code 2", strings.Join(args, " "), r)
		}
	}
	for _, args := range [][]string{{"--help"}, {"version"}, {"completion", "bash"}, {"completion", "zsh"}, {"completion", "fish"}} {
		if r := (harness.Command{Args: args}).Run(t); r.Code != 0 || r.Out == "" || r.Errout != "" {
			t.Errorf("turnike %s: %+v", strings.Join(args, " "), r)
		}
	}
}

// TestCLINoDirectory: read-only commands do not create a data directory.
func TestCLINoDirectory(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "none")
	for _, args := range [][]string{{"user", "list"}, {"session", "list", "--json"}, {"pool", "list"}, {"session", "end", "--user", "ali"}, {"healthcheck"}, {"session", "issue", "--all"}} {
		r := harness.Command{Args: append(args, "--data", data)}.Run(t)
		if r.Code != 1 || r.Line(t) == "" {
			t.Errorf("turnike %s: %+v", strings.Join(args, " "), r)
		}
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("a data directory was made")
	}
}

// TestCLIImport: an import is all or nothing, and errors name the line.
func TestCLIImport(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	before := len(s.Accounts())
	bcrypt := "$2a$04$" + "N9qo8uLOickgx2ZMRZoMye" + "IjZAgcfl7p92ldGxad68LJZdL17lhWy"
	good := `{"username":"good1","password":"Yeterince-uzun-77"}` + "\n"
	for name, c := range map[string]struct{ lines, says string }{
		"no JSON":      {good + "nonsense\n", "2"},
		"cut off":      {good + `{"username":"x"` + "\n", "2"},
		"known name":   {good + `{"username":"ali","password":"Yeterince-uzun-77"}` + "\n", "ali"},
		"twice":        {good + `{"username":"GOOD1","password":"Yeterince-uzun-77"}` + "\n", "2"},
		"unknown pool": {good + `{"username":"x1","password":"Yeterince-uzun-77","pool":"nowhere"}` + "\n", "nowhere"},
		"short":        {good + `{"username":"x1","password":"kisa"}` + "\n", "2"},
		"no password":  {good + `{"username":"x1"}` + "\n", "2"},
		"bad hash":     {good + `{"username":"x1","password_hash":"$argon2id$nonsense"}` + "\n", "2"},
		"other hash":   {good + `{"username":"x1","password_hash":"$1$abc$def"}` + "\n", "2"},
		"bad role":     {good + `{"username":"x1","password":"Yeterince-uzun-77","role":"root"}` + "\n", "2"},
		"bad name":     {good + `{"username":"a\u0007b","password":"Yeterince-uzun-77"}` + "\n", "2"},
	} {
		r := s.CLIWith(c.lines, "user", "import", "-")
		if line := r.Line(t); r.Code != 1 || !strings.Contains(line, c.says) || strings.Contains(line, "Yeterince") {
			t.Errorf("%s: %d %q", name, r.Code, line)
		}
	}
	if n := len(s.Accounts()); n != before {
		t.Errorf("%d accounts, there were %d: not all or nothing", n, before)
	}
	r := s.CLIWith(good+`{"username":"good2","password_hash":"`+bcrypt+`","role":"admin"}`+"\n", "user", "import", "-")
	if r.Code != 0 {
		t.Fatalf("%+v", r)
	}
	s.Browser().TryLogin("good1", "Yeterince-uzun-77").Want(200)
	if !slices.Contains(s.Accounts(), harness.UserRow{Username: "good2", Role: "admin", Pool: "default"}) {
		t.Errorf("%+v", s.Accounts())
	}
}

// TestCLISessions: issue, list and end.
func TestCLISessions(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	tokens := s.Issue("ali", "veli")
	if len(tokens) != 2 {
		t.Fatalf("%v", tokens)
	}
	s.Socket(tokens["ali"]).Register()
	harness.Eventually(t, "connected", func() bool { return s.SessionOf("ali").Connected })
	row, idle := s.SessionOf("ali"), s.SessionOf("veli")
	if row.Pool != "default" || seat(row) != "held" || idle.Connected || idle.Seat != nil {
		t.Errorf("%+v, %+v", row, idle)
	}
	for _, at := range []string{row.Since, row.LastActive, row.ExpiresAt} {
		if !harness.Time(at) {
			t.Errorf("time %q in %+v", at, row)
		}
	}
	b := s.Browser()
	b.Header["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	b.Login("ayse")
	if d := s.SessionOf("ayse").Device; !strings.Contains(d, "Firefox") {
		t.Errorf("device %q", d)
	}
	for _, args := range [][]string{{"nobody"}, {row.ID + "x"}, {"--user", "nobody"}, {"--user", "ali", "--reason", strings.Repeat("x", 257)},
		{"--user", "ali", "--reason", "a\nb"}, {"--user", "ali", "--reason", "a\x1b[31m"}} {
		if r := s.CLI(append([]string{"session", "end"}, args...)...); r.Code != 1 || r.Line(t) == "" {
			t.Errorf("session end %q: %+v", args, r)
		}
	}
	s.Must("session", "end", row.ID)
	if r := s.CLI("session", "end", row.ID); r.Code != 1 || r.Line(t) == "" {
		t.Errorf("ended twice: %+v", r)
	}
	all := s.Must("session", "issue", "--all")
	if n := strings.Count(all, "\n"); n != len(s.Accounts()) {
		t.Errorf("session issue --all: %d lines for %d accounts", n, len(s.Accounts()))
	}
	s.Must("user", "disable", "veli")
	if r := s.CLI("session", "issue", "veli"); r.Code != 1 {
		t.Errorf("a session for a disabled account: %+v", r)
	}
	if r := s.CLI("session", "issue", "nobody"); r.Code != 1 || r.Out != "" {
		t.Errorf("a session for nobody: %+v", r)
	}
	if strings.Contains(s.Stderr(), tokens["ali"]) {
		t.Error("SEC-56: a token is in the log")
	}
}

// TestCLIPools: limits of pools and invalid values.
func TestCLIPools(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	if got, want := s.Pool("default"), (harness.PoolRow{Name: "default", Limit: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	s.Must("pool", "set", "acme", "--limit", "7")
	if got, want := s.Pool("acme"), (harness.PoolRow{Name: "acme", Limit: 7}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, args := range [][]string{{"x"}, {"x", "--limit", "-1"}, {"a b", "--limit", "1"}, {"acme"}, {"acme", "--presence", "x"}, {"acme", "--login", "x"}, {"acme", "--policy", "x"}} {
		if r := s.CLI(append([]string{"pool", "set"}, args...)...); r.Code == 0 || r.Errout == "" {
			t.Errorf("pool set %q: %+v", args, r)
		}
	}
	if out := s.Must("pool", "list"); !strings.Contains(out, "acme") || !strings.Contains(out, "7") {
		t.Errorf("pool list:\n%s", out)
	}
}

// TestCLIStopped: commands also work while the server is stopped, and take effect at its
// next start.
func TestCLIStopped(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	tokens := s.Issue("ali", "veli")
	s.Socket(tokens["ali"]).Register()
	s.Stop()
	if r := s.CLI("healthcheck"); r.Code != 1 {
		t.Errorf("healthcheck of a stopped server: %+v", r)
	}
	s.Must("session", "end", "--user", "ali", "--reason", "gece")
	s.Must("pool", "set", "default", "--limit", "9")
	token := s.Issue("ayse")["ayse"]
	s.Run()
	ended(t, s.Bearer(tokens["ali"]).Get("/socket"), "ended_by_admin", "gece")
	s.Bearer(tokens["veli"]).Get("/socket").Want(200)
	k := s.Socket(token)
	if got := k.Register(); got.Slots.Max != 9 || got.Slots.Used != 1 {
		t.Errorf("%+v", got.Slots)
	}
	s.Must("healthcheck")
}

// TestCLIAppliesAtOnce: a command has taken effect when it returns.
func TestCLIAppliesAtOnce(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	for range 5 {
		token := s.Issue("ali")["ali"]
		s.Bearer(token).Get("/socket").Want(200)
		s.Must("session", "end", "--user", "ali")
		s.Bearer(token).Get("/socket").Problem(401, "ended_by_admin")
	}
	k := s.Socket(s.Issue("veli")["veli"])
	k.Register()
	s.Issue("veli") // replaces
	k.Ended("session_ended", "replaced", 4001)
}

// TestCLINotConfirmed: if the server hangs and cannot confirm, the command reports that
// the change is committed.
func TestCLINotConfirmed(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	token := s.Issue("ali")["ali"]
	s.Freeze()
	r := s.CLI("session", "end", "--user", "ali")
	s.Thaw()
	if line := r.Line(t); r.Code != 1 || !strings.Contains(line, "committed, not yet confirmed") {
		t.Errorf("%d %q", r.Code, line)
	}
	harness.Eventually(t, "the end", func() bool { return s.Bearer(token).Get("/socket").Status == 401 })
}

// TestCLIOneServer: a second server on the same directory refuses to start and reports
// why.
func TestCLIOneServer(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	r := s.CLI("serve", "--listen", "127.0.0.1:0")
	if line := r.Line(t); r.Code != 1 || !strings.Contains(line, "process") && !strings.Contains(line, "pid") {
		t.Errorf("%d %q", r.Code, line)
	}
	s.Browser().Get("/healthz").Want(200)
}

// TestSEC12_FirstStart: there is no default password; a random one is printed once, or
// one is read from a file.
func TestSEC12_FirstStart(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Empty())
	password := printed(t, s.Stdout(), "admin")
	s.Browser().TryLogin("admin", password).Want(200)
	if strings.Contains(s.Stderr(), password) {
		t.Error("the password is in the log")
	}
	onlyOwner(t, s.Data)
	s.Restart()
	if out := strings.Join(s.Stdout(), "\n"); strings.Contains(out, password) || strings.Contains(out, "admin") {
		t.Errorf("printed again: %s", out)
	}
	if n := len(s.Accounts()); n != 1 {
		t.Errorf("%d accounts", n)
	}

	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("Dosyadaki-parola-88\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	two := harness.Start(t, harness.Empty(), harness.Env("TURNIKE_BOOTSTRAP_PASSWORD_FILE="+file))
	if len(two.Stdout()) != 0 {
		t.Errorf("printed: %q", two.Stdout())
	}
	two.Browser().TryLogin("admin", "Dosyadaki-parola-88").Want(200)
}

// printed returns an account's password from the lines before the ready line.
func printed(t *testing.T, lines []string, name string) string {
	t.Helper()
	for _, line := range lines {
		if f := strings.Fields(line); len(f) == 2 && f[0] == name {
			return f[1]
		}
	}
	t.Fatalf("no password of %s in %q", name, lines)
	return ""
}

// TestContractDev: demo accounts in a separate data directory.
func TestContractDev(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Empty(), harness.Args("--dev"))
	for _, name := range []string{"demo1", "demo2", "demo3", "demo4", "admin"} {
		s.Browser().TryLogin(name, printed(t, s.Stdout(), name)).Want(200)
	}
	s.Stop()
	r := s.CLI("serve", "--listen", "127.0.0.1:0")
	if r.Code != 1 || !strings.Contains(r.Line(t), "--dev") {
		t.Errorf("without --dev: %+v", r)
	}
	s.Run()

	real := harness.Start(t)
	real.Stop()
	if r := real.CLI("serve", "--dev", "--listen", "127.0.0.1:0"); r.Code != 1 || !strings.Contains(r.Line(t), "--dev") {
		t.Errorf("with --dev on real accounts: %+v", r)
	}
	real.Run()
}

// TestContractConfig: an invalid configuration stops the start with one line that names
// the key.
func TestContractConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env, toml []string
		args      []string
		says      string
	}{
		"unknown key":        {toml: []string{"[seat]", "grce = '15s'"}, says: "seat.grce"},
		"unknown section":    {toml: []string{"[seats]", "limit = 1"}, says: "seats"},
		"wrong type":         {toml: []string{"[seat]", "limit = 'three'"}, says: "seat.limit"},
		"bare number":        {toml: []string{"[seat]", "grace = 15"}, says: "seat.grace"},
		"no TOML":            {toml: []string{"nonsense"}, says: "toml"},
		"unknown variable":   {env: []string{"TURNIKE_SEAT_GRCE=15s"}, says: "TURNIKE_SEAT_GRCE"},
		"twins secret":       {env: []string{"JWT_SECRET_KEY=" + secret, "TURNIKE_TOKEN_SECRET=" + secret}, says: "JWT_SECRET_KEY"},
		"twins limit":        {env: []string{"MAX_CONNECTIONS=3", "TURNIKE_SEAT_LIMIT=3"}, says: "MAX_CONNECTIONS"},
		"secret and file":    {env: []string{"JWT_SECRET_KEY=" + secret, "JWT_SECRET_KEY_FILE=/dev/null"}, says: "JWT_SECRET_KEY"},
		"missing file":       {env: []string{"JWT_SECRET_KEY_FILE=/nowhere/at/all"}, says: "JWT_SECRET_KEY_FILE"},
		"limit":              {env: []string{"MAX_CONNECTIONS=-1"}, says: "MAX_CONNECTIONS"},
		"duration":           {env: []string{"TURNIKE_SEAT_GRACE=15"}, says: "TURNIKE_SEAT_GRACE"},
		"visibility":         {env: []string{"TURNIKE_PRESENCE_VISIBILITY=all"}, says: "TURNIKE_PRESENCE_VISIBILITY"},
		"plain on the world": {env: []string{"TURNIKE_TLS_MODE=off"}, args: []string{"--listen", "0.0.0.0:0"}, says: "tls.mode"},
		"bad proxies":        {env: []string{"TURNIKE_SERVER_TRUSTED_PROXIES=everyone"}, says: "TRUSTED_PROXIES"},
		"bad origin":         {env: []string{"TURNIKE_SOCKETIO_ALLOWED_ORIGINS=*"}, says: "ALLOWED_ORIGINS"},
		"bad database":       {env: []string{"TURNIKE_DATABASE_URL=mysql://x"}, says: "DATABASE_URL"},
		"weak hashes":        {env: []string{"TURNIKE_PASSWORD_MEMORY=8"}, says: "PASSWORD_MEMORY"},
		"short passwords":    {env: []string{"TURNIKE_PASSWORD_MIN_LENGTH=4"}, says: "PASSWORD_MIN_LENGTH"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"serve", "--data", filepath.Join(dir, "data")}
			if c.args == nil {
				c.args = []string{"--listen", "127.0.0.1:0"}
			}
			args = append(args, c.args...)
			if c.toml != nil {
				file := filepath.Join(dir, "turnike.toml")
				if err := os.WriteFile(file, []byte(strings.Join(c.toml, "\n")), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, "--config", file)
			}
			r := harness.Command{Args: args, Env: c.env}.Run(t)
			line := r.Line(t)
			key := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(c.says, "_", "."), "TURNIKE."))
			if r.Code != 1 || !strings.Contains(line, c.says) && !strings.Contains(strings.ReplaceAll(strings.ToLower(line), "_", "."), key) {
				t.Errorf("%d %q does not name %s", r.Code, line, c.says)
			}
			if strings.Contains(line, secret) {
				t.Error("SEC-55: the secret is shown")
			}
		})
	}
}

// TestContractConfigOrder: a flag overrides the environment, which overrides the file,
// which overrides the default.
func TestContractConfigOrder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "turnike.toml")
	if err := os.WriteFile(file, []byte("[seat]\nlimit = 5\ngrace = \"4s\"\n[server]\nlisten = \"127.0.0.1:1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, harness.Env("TURNIKE_CONFIG="+file), harness.Env("MAX_CONNECTIONS=6"))
	got := s.Socket(s.Login("ali")).Register()
	if got.Slots.Max != 6 || got.Response.GraceMS != 4000 {
		t.Errorf("%+v", got)
	}
	if r := s.CLI("check"); r.Code != 0 || !strings.Contains(r.Out, `grace = "4s"`) || !strings.Contains(r.Out, "limit = 6") {
		t.Errorf("check: %+v", r)
	}
}

// TestSEC27_DurableEnds: the end of a session survives kill -9 right after the answer.
func TestSEC27_DurableEnds(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	for i := range 6 {
		b := s.Browser()
		token := b.Login("ali").Token
		if i%2 == 0 {
			b.Clone().Post("/logout").Want(204)
		} else {
			s.Login("ali") // replaces
		}
		s.Kill()
		s.Run()
		code := []string{"logged_out", "replaced"}[i%2]
		s.Bearer(token).Get("/socket").Problem(401, code)
	}
}

// TestCLIStatus: one command reports what runs, where, and what is wrong.
func TestCLIStatus(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	s.Must("pool", "set", "default", "--limit", "7")
	out := s.Must("status")
	for _, want := range []string{"running at " + s.URL, "default  7      database", "problem: the limit of pool default is 7"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	s.Stop()
	if r := s.CLI("status"); r.Code != 1 || !strings.Contains(r.Line(t), "no server runs on the data directory") || !strings.Contains(r.Out, "default  7") {
		t.Errorf("stopped: %+v", r)
	}
}

// TestCLICompletionInBash: the completion script runs the program that is being
// completed.
func TestCLICompletionInBash(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	script := s.Must("completion", "bash") + "\nCOMP_WORDS=(\"$0\" --data \"$1\" session end --user vel)\nCOMP_CWORD=6\n_turnike\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
	out, err := exec.CommandContext(t.Context(), "bash", "-c", script, harness.Binary(), s.Data).CombinedOutput()
	if err != nil || string(out) != "veli\n" {
		t.Errorf("%v: %q", err, out)
	}
}
