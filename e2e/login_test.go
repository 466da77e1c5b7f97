package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/turnike/turnike/e2e/harness"
)

// TestContractLogin: the format of a login's answer and its two cookies.
func TestContractLogin(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	a := s.Browser().TryLogin("ali", harness.Password).Want(http.StatusOK)
	var l harness.Login
	a.Decode(&l)
	if !harness.Compact([]byte(strings.TrimSpace(a.Body))) {
		t.Errorf("not compact: %s", a.Body)
	}
	if l.TokenType != "Bearer" || l.User != (harness.Who{Username: "ali", Role: "user", Pool: "default"}) {
		t.Errorf("login %+v", l)
	}
	if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		t.Errorf("content type %q", ct)
	}
	if cc := a.Header.Get("Cache-Control"); !strings.Contains(cc, "no-store") {
		t.Errorf("cache control %q", cc)
	}
	at, err := time.Parse("2006-01-02T15:04:05.000Z", l.ExpiresAt)
	if err != nil || at.Before(time.Now().Add(23*time.Hour)) || at.After(time.Now().Add(25*time.Hour)) {
		t.Errorf("expires_at %q, %v", l.ExpiresAt, err)
	}
	cookies := map[string]*http.Cookie{}
	for _, line := range a.Header.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		cookies[c.Name] = c
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %s", line)
		}
	}
	if len(cookies) != 2 || cookies[harness.SessionCookie] == nil || cookies[harness.DeviceCookie] == nil {
		t.Fatalf("cookies %v", cookies)
	}
	if age := time.Duration(cookies[harness.DeviceCookie].MaxAge) * time.Second; age < 364*24*time.Hour || age > 366*24*time.Hour {
		t.Errorf("the device cookie lasts %s, want a year", age)
	}
	if n := len(cookies[harness.DeviceCookie].Value); n < 22 {
		t.Errorf("SEC-15: the device cookie has %d characters, too few for 128 bits", n)
	}
}

// TestContractLoginRefused: every 4xx that a login request alone can cause.
func TestContractLoginRefused(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	good := `{"username":"ali","password":"` + harness.Password + `"}`
	jsonType := map[string]string{"Content-Type": "application/json"}
	with := func(name, value string) map[string]string {
		return map[string]string{"Content-Type": "application/json", name: value}
	}
	for _, c := range []struct {
		name   string
		status int
		code   string
		body   string
		header map[string]string
	}{
		{"empty", 400, "bad_request", "", jsonType},
		{"no JSON", 400, "bad_request", "username=ali", jsonType},
		{"cut off", 400, "bad_request", good[:20], jsonType},
		{"something after", 400, "bad_request", good + "x", jsonType},
		{"two documents", 400, "bad_request", good + good, jsonType},
		{"array", 400, "bad_request", "[" + good + "]", jsonType},
		{"null", 400, "bad_request", "null", jsonType},
		{"name is a number", 400, "bad_request", `{"username":1,"password":"x"}`, jsonType},
		{"password is null", 400, "bad_request", `{"username":"ali","password":null}`, jsonType},
		{"no password", 400, "bad_request", `{"username":"ali"}`, jsonType},
		{"no name", 400, "bad_request", `{"password":"x"}`, jsonType},
		{"a member twice", 400, "bad_request", `{"username":"veli",` + good[1:], jsonType},
		{"a member in capitals", 400, "bad_request", strings.Replace(good, "username", "Username", 1), jsonType},
		{"a member misspelled", 400, "bad_request", strings.TrimSuffix(good, "}") + `,"take_over":{"ticket":"x"}}`, jsonType},
		{"too large", 413, "payload_too_large", strings.TrimSuffix(good, "}") + strings.Repeat(" ", 4097-len(good)) + "}", jsonType},
		{"text", 415, "unsupported_media_type", good, map[string]string{"Content-Type": "text/plain"}},
		{"form", 415, "unsupported_media_type", "username=ali", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}},
		{"no type", 415, "unsupported_media_type", good, nil},
		{"other JSON", 415, "unsupported_media_type", good, map[string]string{"Content-Type": "application/jsonp"}},
		{"wrong", 401, "invalid_credentials", `{"username":"ali","password":"wrong-wrong-wrong"}`, jsonType},
		{"cross-site", 403, "cross_origin", good, with("Sec-Fetch-Site", "cross-site")},
		{"same-site", 403, "cross_origin", good, with("Sec-Fetch-Site", "same-site")},
		{"evil origin", 403, "cross_origin", good, with("Origin", "https://evil.example")},
		{"null origin", 403, "cross_origin", good, with("Origin", "null")},
		{"other port", 403, "cross_origin", good, with("Origin", "https://127.0.0.1:1")},
		{"other scheme", 403, "cross_origin", good, with("Origin", "http://"+s.Addr())},
		{"suffix", 403, "cross_origin", good, with("Origin", s.URL+".evil.example")},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := s.Browser()
			b.Do(harness.Request{Method: "POST", Path: "/login-token", Body: c.body, Header: c.header}).Problem(c.status, c.code)
			if len(b.Cookies) != 0 {
				t.Errorf("cookies %v after a refusal", b.Cookies)
			}
		})
	}
	for _, header := range []map[string]string{
		{"Content-Type": "application/json; charset=utf-8"}, {"Content-Type": "APPLICATION/JSON"},
		with("Origin", s.URL), with("Sec-Fetch-Site", "same-origin"), with("Sec-Fetch-Site", "none"),
	} {
		s.Browser().Do(harness.Request{Method: "POST", Path: "/login-token", Body: good, Header: header}).Want(200)
	}
	exact := strings.TrimSuffix(good, "}") + strings.Repeat(" ", 4096-len(good)) + "}"
	s.Browser().Do(harness.Request{Method: "POST", Path: "/login-token", Body: exact, Header: jsonType}).Want(200)
}

// TestSEC03_PasswordLength: passwords of up to 1024 bytes are not truncated.
func TestSEC03_PasswordLength(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	var accounts []harness.Account
	lengths := []int{64, 65, 1024}
	password := func(n int) string { return strings.Repeat("Ağ7-", n/5) + strings.Repeat("z", n%5) }
	for _, n := range lengths {
		accounts = append(accounts, harness.Account{Username: fmt.Sprint("user", n), Hash: harness.HashPHC(password(n))})
	}
	s.Must("user", "import", harness.ImportFile(t, accounts...))
	for _, n := range lengths {
		p := password(n)
		if len(p) != n {
			t.Fatalf("a password of %d bytes, want %d", len(p), n)
		}
		s.Browser().TryLogin(fmt.Sprint("user", n), p).Want(200)
		s.Browser().TryLogin(fmt.Sprint("user", n), p[:n-1]).Problem(401, "invalid_credentials") // no truncation
	}
	if a := s.Browser().TryLogin("user1024", password(1024)+"z"); a.Status != 400 && a.Status != 401 {
		t.Errorf("a password of 1025 bytes: %d %s", a.Status, a.Body)
	}
}

// TestSEC05_OneRefusal: an unknown account, a disabled account and a wrong password get
// the same answer.
func TestSEC05_OneRefusal(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	s.Must("user", "disable", "veli")
	var first *harness.Answer
	for name, password := range map[string]string{"nobody": harness.Password, "veli": harness.Password, "ali": "wrong-wrong-wrong"} {
		a := s.Browser().TryLogin(name, password)
		a.Problem(401, "invalid_credentials")
		if first == nil {
			first = a
			continue
		}
		if len(a.Body) != len(first.Body) || fmt.Sprint(names(a.Header)) != fmt.Sprint(names(first.Header)) {
			t.Errorf("%s: %v %s, another: %v %s", name, a.Header, a.Body, first.Header, first.Body)
		}
	}
}

func names(h http.Header) map[string]int {
	n := map[string]int{}
	for name, values := range h {
		n[name] = len(values)
	}
	return n
}

// TestSEC09_SeatRefusalIsNoFailure: a refusal by a full pool does not count as a failed
// login.
func TestSEC09_SeatRefusalIsNoFailure(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("seat.limit", "1"))
	s.Socket(s.Login("veli")).Register()
	for range 15 {
		s.Socket(s.Login("ali")).Fails("seat_limit", "register_user", map[string]any{})
	}
}
