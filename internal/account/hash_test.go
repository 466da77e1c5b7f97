package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/secret"
)

// cheap are costs that tests can afford.
var cheap = account.Parameters{Memory: 64, Time: 1, Threads: 1}

func newHasher(t testing.TB, config account.HasherConfig) *account.Hasher {
	t.Helper()
	if config.Parameters == (account.Parameters{}) {
		config.Parameters = cheap
	}
	hasher, err := account.NewHasher(config)
	if err != nil {
		t.Fatal(err)
	}
	return hasher
}

// TestSEC01_Golden verifies hashes that other programs made: the reference
// implementation of argon2 and libxcrypt.
func TestSEC01_Golden(t *testing.T) {
	hasher := newHasher(t, account.HasherConfig{Parameters: account.DefaultParameters()})
	for _, test := range []struct{ hash, password string }{
		{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
		{"$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.", "correct horse battery"},
		{"$2y$04$abcdefghijklmnopqrstuu18Ivppg6h9vOF.DmXesHGgkk5FDVguO", "ışık şifre"},
		{"$2a$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe", strings.Repeat("a", 80)},
	} {
		if err := hasher.Check(test.hash); err != nil {
			t.Errorf("Check(%s) = %v", test.hash, err)
		}
		if ok, rehash, err := hasher.Verify(t.Context(), test.hash, test.password); !ok || err != nil || !rehash {
			t.Errorf("Verify(%s) = %v, %v, %v", test.hash, ok, rehash, err)
		}
		for _, wrong := range []string{"", "x", "x" + test.password, strings.ToUpper(test.password)} {
			if ok, rehash, err := hasher.Verify(t.Context(), test.hash, wrong); ok || err != nil || rehash {
				t.Errorf("Verify(%s, %q) = %v, %v, %v", test.hash, wrong, ok, rehash, err)
			}
		}
	}
}

func TestSEC01_Default(t *testing.T) {
	hasher, err := account.NewHasher(account.HasherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(t.Context(), "correct horse battery")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("Hash = %q, %v", hash, err)
	}
	again, err := hasher.Hash(t.Context(), "correct horse battery")
	if err != nil || again == hash {
		t.Errorf("two hashes are the same: no salt (%v)", err)
	}
	if ok, rehash, err := hasher.Verify(t.Context(), hash, "correct horse battery"); !ok || rehash || err != nil {
		t.Errorf("Verify = %v, %v, %v", ok, rehash, err)
	}
}

// TestSEC01_Rehash changes what new hashes are like and asks about old ones.
func TestSEC01_Rehash(t *testing.T) {
	pepperA, pepperB := secret.New(strings.Repeat("a", 32)), secret.New(strings.Repeat("b", 32))
	for _, test := range []struct {
		name   string
		before account.HasherConfig
		after  account.HasherConfig
		rehash bool
		err    error
	}{
		{"nothing", account.HasherConfig{}, account.HasherConfig{}, false, nil},
		{"more memory", account.HasherConfig{}, account.HasherConfig{Parameters: account.Parameters{Memory: 128, Time: 1, Threads: 1}}, true, nil},
		{"more time", account.HasherConfig{}, account.HasherConfig{Parameters: account.Parameters{Memory: 64, Time: 2, Threads: 1}}, true, nil},
		{"less memory", account.HasherConfig{}, account.HasherConfig{Parameters: account.Parameters{Memory: 32, Time: 1, Threads: 1}}, false, nil},
		{"the same pepper", account.HasherConfig{Pepper: pepperA}, account.HasherConfig{Pepper: pepperA}, false, nil},
		{"a pepper for the first time", account.HasherConfig{}, account.HasherConfig{Pepper: pepperA}, true, nil},
		{"another pepper", account.HasherConfig{Pepper: pepperA}, account.HasherConfig{Pepper: pepperB}, false, account.ErrPepper},
		{"the pepper is gone", account.HasherConfig{Pepper: pepperA}, account.HasherConfig{}, false, account.ErrPepper},
	} {
		t.Run(test.name, func(t *testing.T) {
			hash, err := newHasher(t, test.before).Hash(t.Context(), "correct horse battery")
			if err != nil {
				t.Fatal(err)
			}
			after := newHasher(t, test.after)
			ok, rehash, err := after.Verify(t.Context(), hash, "correct horse battery")
			if ok != (test.err == nil) || rehash != test.rehash || !errors.Is(err, test.err) {
				t.Errorf("Verify = %v, %v, %v", ok, rehash, err)
			}
			if err := after.Check(hash); !errors.Is(err, test.err) {
				t.Errorf("Check = %v", err)
			}
			// A wrong password is no reason to write.
			if ok, rehash, _ := after.Verify(t.Context(), hash, "incorrect"); ok || rehash {
				t.Errorf("Verify of a wrong one = %v, %v", ok, rehash)
			}
		})
	}
}

func TestSEC01_Pepper(t *testing.T) {
	with := newHasher(t, account.HasherConfig{Pepper: secret.New(strings.Repeat("p", 32))})
	hash, err := with.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	// Without its name in the hash the pepper is not applied: it did matter.
	start, rest, found := strings.Cut(hash, ",keyid=")
	if !found {
		t.Fatalf("no keyid in %s", hash)
	}
	_, rest, _ = strings.Cut(rest, "$")
	if ok, _, err := with.Verify(t.Context(), start+"$"+rest, "correct horse battery"); ok || err != nil {
		t.Errorf("without the pepper: %v, %v", ok, err)
	}
	if _, err := account.NewHasher(account.HasherConfig{Pepper: secret.New("short")}); !errors.Is(err, account.ErrPepper) || strings.Contains(err.Error(), "short:") {
		t.Errorf("a short pepper: %v", err)
	}
}

// TestSEC03_Verbatim has passwords that differ only where a careless program
// cuts, trims or folds.
func TestSEC03_Verbatim(t *testing.T) {
	hasher := newHasher(t, account.HasherConfig{})
	long := strings.Repeat("k9!vB2#q", 128)
	passwords := []string{long, long[:1023], long[:1023] + "Q", long[:72], long[:73], " pass word one ", "pass word one", "Pass Word One",
		"şifre", "s\u0327ifre", "ab\x00cd", "ab\x00ce", "ab", "ışık", "isik"}
	for i, password := range passwords {
		hash, err := hasher.Hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		for j, other := range passwords {
			if ok, _, err := hasher.Verify(t.Context(), hash, other); ok != (i == j) || err != nil {
				t.Errorf("%.20q verifies %.20q: %v, %v", password, other, ok, err)
			}
		}
	}
	if _, err := hasher.Hash(t.Context(), long+"x"); !errors.Is(err, account.ErrPasswordLong) {
		t.Errorf("1025 bytes: %v", err)
	}
	hash, err := hasher.Hash(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := hasher.Verify(t.Context(), hash, long+"x"); ok || err != nil {
		t.Errorf("1025 bytes verify: %v, %v", ok, err)
	}
}

// TestSEC02_HostileHash has hashes that are broken, or that would take the
// server's memory or time. None may be computed.
func TestSEC02_HostileHash(t *testing.T) {
	hasher := newHasher(t, account.HasherConfig{})
	const tail = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	hashes := []string{
		"plain text", "$", "$argon2id$", "$argon2id$v=19", "$argon2id$v=19$m=64,t=1,p=1", "{SSHA}c29tZXNhbHQ=", "5f4dcc3b5aa765d61d8327deb882cf99",
		"$argon2i$v=19$m=64,t=1,p=1" + tail, "$argon2d$v=19$m=64,t=1,p=1" + tail, "$1$abc$def", "$6$rounds=999999999$salt$hash",
		"$argon2id$m=64,t=1,p=1" + tail, "$argon2id$v=16$m=64,t=1,p=1" + tail, "$argon2id$v=19$m=64,t=1,p=1" + tail + "$", "$argon2id$v=19$m=64,t=1,p=1" + tail + "==",
		"$argon2id$v=19$t=1,m=64,p=1" + tail, "$argon2id$v=19$m=64,t=1" + tail, "$argon2id$v=19$m=-64,t=1,p=1" + tail, "$argon2id$v=19$m=64,t=1,p=1,data=x" + tail,
		"$argon2id$v=19$m=64,t=1,p=1,keyid=" + tail, "$argon2id$v=19$m=64,t=1,p=1,keyid=abc,data=x" + tail,
		"$argon2id$v=19$m=131073,t=1,p=1" + tail, "$argon2id$v=19$m=4294967295,t=1,p=1" + tail, "$argon2id$v=19$m=18446744073709551616,t=1,p=1" + tail,
		"$argon2id$v=19$m=64,t=0,p=1" + tail, "$argon2id$v=19$m=64,t=13,p=1" + tail, "$argon2id$v=19$m=64,t=4294967295,p=1" + tail,
		"$argon2id$v=19$m=64,t=1,p=0" + tail, "$argon2id$v=19$m=4096,t=1,p=17" + tail, "$argon2id$v=19$m=4096,t=1,p=256" + tail, "$argon2id$v=19$m=7,t=1,p=1" + tail,
		"$argon2id$v=19$m=131072,t=5,p=1" + tail, "$argon2id$v=19$m=64,t=1,p=1$$", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", // 4 bytes of salt
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO0",                            // 8 bytes of hash
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 400),
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 1<<20),
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ\n$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$2b$15$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.", "$2b$31$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
		"$2b$99$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.", "$2b$03$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
		"$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo", "$2x$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
		"$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo\x10", "$2b$", "$2b$xx$",
	}
	for i, hash := range hashes {
		if err := hasher.Check(hash); !errors.Is(err, account.ErrHash) {
			t.Errorf("Check(%.80q) = %v", hash, err)
		} else if len(hash) > 40 && strings.Contains(err.Error(), hash[30:40]) {
			t.Errorf("the error shows the hash: %v", err)
		}
		ok, _, err := hasher.Verify(t.Context(), hash, "password")
		if ok || !errors.Is(err, account.ErrHash) {
			t.Errorf("Verify(%.80q) = %v, %v", hash, ok, err)
		}
		if stats := hasher.Stats(); stats.Hashes != uint64(i)+1 || stats.Dummies != uint64(i)+1 {
			t.Fatalf("after %.80q: %+v", hash, stats)
		}
	}
	if err := hasher.Check(""); !errors.Is(err, account.ErrHash) {
		t.Errorf("Check of nothing = %v", err)
	}
}

func TestParameters(t *testing.T) {
	for _, test := range []struct {
		parameters account.Parameters
		usable     bool
		strong     bool
	}{
		{account.DefaultParameters(), true, true},
		{account.Parameters{Memory: 47104, Time: 1, Threads: 1}, true, true},
		{account.Parameters{Memory: 47103, Time: 1, Threads: 1}, true, false},
		{account.Parameters{Memory: 19455, Time: 2, Threads: 1}, true, false},
		{account.Parameters{Memory: 12288, Time: 3, Threads: 1}, true, true},
		{account.Parameters{Memory: 7168, Time: 12, Threads: 1}, true, true},
		{account.Parameters{Memory: 7167, Time: 12, Threads: 1}, true, false},
		{account.Parameters{Memory: 131072, Time: 4, Threads: 4}, true, true},
		{account.Parameters{Memory: 131072, Time: 5, Threads: 4}, false, false},
		{account.Parameters{Memory: 131073, Time: 1, Threads: 4}, false, false},
		{account.Parameters{Memory: 19456, Time: 13, Threads: 1}, false, false},
		{account.Parameters{Memory: 19456, Time: 0, Threads: 1}, false, false},
		{account.Parameters{Memory: 19456, Time: 2, Threads: 0}, false, false},
		{account.Parameters{Memory: 19456, Time: 2, Threads: 17}, false, false},
	} {
		_, err := account.NewHasher(account.HasherConfig{Parameters: test.parameters})
		if (err == nil) != test.usable || err != nil && !errors.Is(err, account.ErrParameters) {
			t.Errorf("NewHasher of %+v: %v", test.parameters, err)
		}
		if err := test.parameters.Check(); (err == nil) != test.strong || err != nil && !errors.Is(err, account.ErrParameters) {
			t.Errorf("Check of %+v: %v", test.parameters, err)
		}
	}
}

// FuzzHash reads stored hashes of any form. What Check accepts has to be
// verifiable at a bounded cost.
func FuzzHash(f *testing.F) {
	for _, seed := range []string{
		"", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "$argon2id$v=19$m=64,t=1,p=1,keyid=AAAA$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$2b$04$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.", "$argon2id$v=19$m=131072,t=4,p=16$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	} {
		f.Add(seed)
	}
	hasher := newHasher(f, account.HasherConfig{})
	f.Fuzz(func(t *testing.T, hash string) {
		if err := hasher.Check(hash); err != nil {
			if !errors.Is(err, account.ErrHash) && !errors.Is(err, account.ErrPepper) {
				t.Errorf("Check(%q) = %v", hash, err)
			}
			return
		}
		var memory, time, threads int
		if n, _ := fmt.Sscanf(hash, "$argon2id$v=19$m=%d,t=%d,p=%d$", &memory, &time, &threads); n == 3 && memory*time > 512<<10 {
			t.Errorf("%q is accepted", hash)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	hasher, err := account.NewHasher(account.HasherConfig{})
	if err != nil {
		b.Fatal(err)
	}
	hash, err := hasher.Hash(b.Context(), "correct horse battery")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, _, err := hasher.Verify(b.Context(), hash, "correct horse battery"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
