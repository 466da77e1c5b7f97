package main

import (
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
		`{"username":"ali","password":"eight ch"}`, // the floor, not the policy's length
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
	for name, typed := range map[string]string{"ali": "eight ch", "ömer": "from elsewhere", "veli": password} {
		u, err := store.UserByName(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if ok, _, err := hasher.Verify(t.Context(), u.PasswordHash, typed); !ok || err != nil {
			t.Errorf("%s cannot log in: %v", name, err)
		}
	}
	if out := s.must(`{"username":"a","password":"eight ch"}`, "user", "import", "-"); out != "1 account imported\n" {
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
		{`{"username":"Ali","password":"canary-password"}`, `"Ali" is the user of line 1`},
		{`{"username":"veli","password":"canary-password","pool":"acme"}`, `there is no pool "acme"`},
		{`{"username":"veli","password":"canary7"}`, `"veli": the password is too short: it has 7 characters, at least 8 are needed`},
		{`{"username":"veli","password":"` + strings.Repeat("canary", 200) + `"}`, `"veli": the password is too long: it has 1200 bytes, at most 1024 are possible`},
		{`{"username":"veli","password":""}`, `"veli": the password is too short: it has 0 characters, at least 8 are needed`},
		{`{"username":"veli"}`, `"veli" has neither password nor password_hash`},
		{`{"username":"veli","password":"canary-password","password_hash":"canary"}`, `"veli" has both password and password_hash`},
		{`{"username":"veli","password_hash":""}`, `"veli" has an empty password_hash`},
		{`{"username":"veli","password_hash":"canary"}`, `password_hash: unusable password hash: it is neither argon2id nor bcrypt`},
		{`{"username":"veli","password_hash":"$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaA"}`, `password_hash: unusable password hash`},
		{`{"password":"canary-password"}`, `invalid user name: it is empty`},
		{`{"username":" veli","password":"canary-password"}`, `invalid user name: it begins or ends with a space`},
		{`{"username":"veli","password":"canary-password","role":"root"}`, `unknown role "root": use user or admin`},
		{`{"username":"veli","password":"canary-password","rolle":"admin"}`, `json: unknown field "rolle"`},
		{`{"username":7,"password":"canary-password"}`, `username is number, not a string`},
		{`["canary-password"]`, `it is not a JSON object but array`},
		{`{"username":"veli","password":"canary-password"`, `it is not one whole JSON object`},
		{`canary`, `it is not one whole JSON object`},
		{`{"username":"veli","password":"canary-password"} x`, `there is something after the JSON object`},
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
