package main

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/turnike/turnike/internal/account"
)

func TestUserImport(t *testing.T) {
	s := newShell(t)
	s.must("", "pool", "set", "acme", "--limit", "5")
	cheap, err := bcrypt.GenerateFromPassword([]byte("from elsewhere"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Join([]string{
		`{"username":"ali","password":"twelve chars"}`,
		``,
		`{"username":"Ömer","password_hash":"` + string(cheap) + `","role":"admin","pool":"acme"}`,
		`  {"username": "veli", "password": "` + password + `", "role": "user", "pool": "default"}  `,
	}, "\n")
	file := filepath.Join(t.TempDir(), "users.jsonl")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := s.must("", "user", "import", file); out != "3 accounts imported\n" {
		t.Errorf("%q", out)
	}
	golden(t, "user_import.json", s.must("", "user", "list", "--json"))
	store, _ := s.open()
	hasher, err := account.NewHasher(account.HasherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for name, typed := range map[string]string{"ali": "twelve chars", "ömer": "from elsewhere", "veli": password} {
		u, err := store.UserByName(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if ok, _, err := hasher.Verify(t.Context(), u.PasswordHash, typed); !ok || err != nil {
			t.Errorf("%s cannot log in: %v", name, err)
		}
	}
	if out := s.must(`{"username":"a","password":"twelve chars"}`, "user", "import", "-"); out != "1 account imported\n" {
		t.Errorf("stdin: %q", out)
	}
	if out := s.must("\n", "user", "import", "-"); out != "0 accounts imported\n" {
		t.Errorf("nothing: %q", out)
	}
	s.fails(exitFailed, []string{"no such file"}, "", "user", "import", "nowhere.jsonl")
}

// TestUserImportRefuses: one bad line and nobody is added; the line is named,
// its password is not shown.
func TestUserImportRefuses(t *testing.T) {
	s := newShell(t)
	s.add("known")
	good := `{"username":"ali","password":"canary-password"}` + "\n"
	for _, test := range []struct {
		line string
		want string // after "line 2: "
	}{
		{`{"username":"KNOWN","password":"canary-password"}`, `there is a user "KNOWN" already`},
		{`{"username":"Ali","password":"canary-password"}`, `duplicate user name "Ali" (already on line 1)`},
		{`{"username":"veli","password":"canary-password","pool":"acme"}`, `there is no pool "acme"`},
		{`{"username":"veli","password":"canary7"}`, `"veli": the password is too short: it has 7 characters, at least 12 are needed`},
		{`{"username":"veli","password":"` + strings.Repeat("canary", 200) + `"}`, `"veli": the password is too long: it has 1200 bytes, at most 1024 are possible`},
		{`{"username":"veli","password":""}`, `"veli": the password is too short: it has 0 characters, at least 12 are needed`},
		{`{"username":"veli"}`, `"veli" has neither password nor password_hash`},
		{`{"username":"veli","password":"canary-password","password_hash":"canary"}`, `"veli" has both password and password_hash`},
		{`{"username":"veli","password_hash":""}`, `"veli" has an empty password_hash`},
		{`{"username":"veli","password_hash":"canary"}`, `password_hash: unusable password hash: it is none of argon2id, bcrypt`},
		{`{"username":"veli","password_hash":"$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaA"}`, `password_hash: unusable password hash`},
		{`{"password":"canary-password"}`, `invalid user name: it is empty`},
		{`{"username":" veli","password":"canary-password"}`, `invalid user name: it begins or ends with a space`},
		{`{"username":"veli","password":"canary-password","role":"root"}`, `unknown role: use user or admin`},
		{`{"username":"veli","password":"canary-password","rolle":"admin"}`, `a member is unknown or occurs twice`},
		{`{"username":7,"password":"canary-password"}`, `username is number, not a string`},
		{`["canary-password"]`, `it is not a JSON object but array`},
		{`{"username":"veli","password":"canary-password"`, `it is not one whole JSON object`},
		{`canary`, `it is not one whole JSON object`},
		{`{"username":"veli","password":"canary-password"} x`, `it is not one whole JSON object`},
		{"{\"username\":\"veli\",\"password\":\"canary-pass\xff\"}", `it is not UTF-8`},
		{`{"username":"veli","password":"` + strings.Repeat("canary", maxImportLine/6) + `"}`, `it has more than 1048576 bytes`},
	} {
		r := s.run(good+test.line+"\n"+`{"username":"deniz","password":"canary-password"}`, "user", "import", "-")
		if r.code != exitFailed || r.out != "" || !strings.HasPrefix(r.errout, "turnike: line 2: "+test.want) || strings.Count(r.errout, "\n") != 1 {
			t.Errorf("%.100s\ngot  %d %s%s\nwant %s", test.line, r.code, r.out, r.errout, test.want)
		}
		if strings.Contains(r.errout, "canary") {
			t.Errorf("shown: %s", r.errout)
		}
	}
	if out := s.must("", "user", "list", "--json"); strings.Contains(out, "ali") {
		t.Errorf("added all the same: %s", out)
	}
}

// TestUserImportReportsAll: everything that is wrong is said at once, and nothing
// is added.
func TestUserImportReportsAll(t *testing.T) {
	s := newShell(t)
	lines := []string{`{"username":"ali","password":"` + password + `"}`, `{`, `{"username":"veli"}`, `{"username":"ALI","password":"canary7"}`}
	r := s.run(strings.Join(lines, "\n"), "user", "import", "-")
	said := strings.Split(strings.TrimSpace(r.errout), "\n")
	if r.code != exitFailed || len(said) != 4 || !strings.Contains(said[0], "line 2: ") || !strings.Contains(said[1], "line 3: ") ||
		!strings.Contains(said[2], "line 4: ") || said[3] != "turnike: 3 mistakes; nothing was imported" {
		t.Errorf("%d\n%s", r.code, r.errout)
	}
	many := s.run(strings.Repeat("{\n", 1500), "user", "import", "-")
	if n := strings.Count(many.errout, "\n"); n != maxImportErrors+1 || !strings.Contains(many.errout, "1500 mistakes") {
		t.Errorf("%d lines", n)
	}
	if out := s.must("", "user", "list", "--json"); out != "[]\n" {
		t.Errorf("added all the same: %s", out)
	}
}

// TestUserImportCSV: CSV as spreadsheets write it.
func TestUserImportCSV(t *testing.T) {
	s := newShell(t)
	s.must("", "pool", "set", "acme", "--limit", "5")
	hash := "pbkdf2:sha256:1000$salt$" + strings.Repeat("ab", 32)
	file := filepath.Join(t.TempDir(), "users.csv")
	content := "\ufeffUsername;Password_Hash;Pool;Role\r\n\"Öz, Ayşe\";" + hash + ";acme;\r\nveli;" + hash + ";;admin\r\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := s.must("", "user", "import", file); out != "2 accounts imported\n" {
		t.Errorf("%q", out)
	}
	if out := s.must("", "user", "list"); !strings.Contains(out, "Öz, Ayşe  user   acme") || !strings.Contains(out, "veli      admin  default") {
		t.Errorf("%s", out)
	}
	for content, want := range map[string]string{
		"username,mail\na,b\n":                 "line 1: column 2 of the header is unknown",
		"username,username\na,b\n":             "line 1: column username is there twice",
		"username,password_hash\na\n":          "line 2: it has another number of fields",
		"username,password_hash\n\"a,canary\n": "line 2: it is not CSV",
		"username,password_hash\nx,canary\n":   "line 2: password_hash: unusable",
		"username,password\nx,\xff\n":          "line 2: it is not UTF-8",
	} {
		r := s.run(content, "user", "import", "-")
		if r.code != exitFailed || !strings.Contains(r.errout, want) || strings.Contains(r.errout, "canary") {
			t.Errorf("%q: %d %s", content, r.code, r.errout)
		}
	}
}

// TestUserImportSQLite: an application's own database is read as it is.
func TestUserImportSQLite(t *testing.T) {
	s := newShell(t)
	file := filepath.Join(t.TempDir(), "my app?.db")
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: file}).String())
	if err != nil {
		t.Fatal(err)
	}
	hash := "scrypt:16384:8:1$salt$" + strings.Repeat("ab", 64)
	if _, err := db.Exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, hash TEXT);
		INSERT INTO users (email, hash) VALUES ('ayse@example.com', ?), ('ali@example.com', ?), ('nobody@example.com', NULL)`, hash, hash); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	const query = "SELECT email AS username, hash AS password_hash FROM users"
	if r := s.run("", "user", "import", "--sqlite", file, "--query", query); r.code != exitFailed || !strings.Contains(r.errout, `row 3: "nobody@example.com" has neither`) {
		t.Errorf("%+v", r)
	}
	if out := s.must("", "user", "import", "--sqlite", file, "--query", query+" WHERE hash IS NOT NULL"); out != "2 accounts imported\n" {
		t.Errorf("%q", out)
	}
	for query, want := range map[string]string{
		"SELECT email FROM users":           `unknown column "email"`,
		"DELETE FROM users RETURNING email": "must begin with SELECT",
		"ATTACH 'evil.db' AS e":             "must begin with SELECT",
		"VACUUM INTO 'evil.db'":             "must begin with SELECT",
		"WITH a AS (SELECT 1) DELETE FROM users RETURNING email AS username": "readonly",
		"SELECT a AS username FROM nowhere":                                  "no such table",
	} {
		if r := s.run("", "user", "import", "--sqlite", file, "--query", query); r.code != exitFailed || !strings.Contains(r.errout, want) {
			t.Errorf("%s: %+v", query, r)
		}
	}
	s.fails(exitFailed, []string{"no such file"}, "", "user", "import", "--sqlite", "nowhere.db", "--query", "SELECT 1")
	s.fails(exitUsage, []string{"--query"}, "", "user", "import", "--sqlite", file)
	s.fails(exitUsage, []string{"--sqlite"}, "", "user", "import")
}

// TestSEC56_UserImportShowsNoPassword: whatever is wrong with a file, no message
// shows a cell of it that may be a password.
func TestSEC56_UserImportShowsNoPassword(t *testing.T) {
	s := newShell(t)
	for name, content := range map[string]string{
		"no header":        "ali,canary-password\nveli,canary-password\n",
		"old line ends":    "username,password\rali,canary-password\r",
		"mixed separators": "username;password,canary-password\n",
		"role":             `{"username":"ali","password":"x","role":"canary-password"}`,
		"member":           `{"username":"ali","canary-password":"x"}`,
		"UTF-16":           "\xff\xfea\x00l\x00i\x00",
		"twice":            `{"username":"ali","password":"canary-password","password":"canary-password-2"}`,
		"case":             `{"username":"ali","Password":"canary-password"}`,
		"endless":          "username,password\nali,\"" + strings.Repeat("canary-password\n", 2*maxImportLine/16),
	} {
		r := s.run(content, "user", "import", "-")
		if r.code != exitFailed || strings.Contains(r.errout, "canary") || r.errout == "" {
			t.Errorf("%s: %d %.300s", name, r.code, r.errout)
		}
	}
}
