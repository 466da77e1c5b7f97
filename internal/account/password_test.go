package account_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/turnike/turnike/internal/account"
)

func TestSEC04_Policy(t *testing.T) {
	policy, err := account.NewPolicy(0, "Acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		password string
		want     error
	}{
		// Good ones, in several styles; composition does not matter.
		{"correct horse battery staple", nil},
		{"correct-horse-1", nil},
		{"x7#kQ2!mPz9w", nil},
		{"mavi bisiklet yokuş", nil},
		{"the cat that alice feeds", nil},
		{"my password is long", nil},
		{"alice-likes-tea", nil},
		{"alice and turnike", nil},
		{"481937265013", nil},
		{"пятьвеселыхкотов", nil},
		{"🙂🙃😀🐈🍎🚗🌧🎸🏠📎✂🔑", nil},
		{"            spaces", nil},

		{"", account.ErrPasswordShort},
		{"x7#kQ2!mPz9", account.ErrPasswordShort},
		{"ığüşöçĞÜŞÖÇ", account.ErrPasswordShort}, // 11 characters, 22 bytes

		{"passwordpassword", account.ErrPasswordCommon},
		{"Password1234", account.ErrPasswordCommon},
		{"P@ssw0rd!234", account.ErrPasswordCommon},
		{"1234password", account.ErrPasswordCommon},
		{"123456789012", account.ErrPasswordCommon},
		{"987654321098", account.ErrPasswordCommon},
		{"000000000000", account.ErrPasswordCommon},
		{"121212121212", account.ErrPasswordCommon},
		{"aaaaaaaaaaaaaaaaaaaa", account.ErrPasswordCommon},
		{"abcdefghijkl", account.ErrPasswordCommon},
		{"abc123abc123", account.ErrPasswordCommon},
		{"qwertyuiop12", account.ErrPasswordCommon},
		{"1q2w3e4r5t6y", account.ErrPasswordCommon},
		{"1qaz2wsx3edc", account.ErrPasswordCommon},
		{"qwertyuıopğü", account.ErrPasswordCommon},
		{"QWERTYUIOPĞÜ", account.ErrPasswordCommon},
		{"galatasaray1905", account.ErrPasswordCommon},
		{"FENERBAHÇE1907!", account.ErrPasswordCommon},
		{"istanbul123456789", account.ErrPasswordCommon},
		{"İSTANBUL2024!", account.ErrPasswordCommon},
		{"seniseviyorum", account.ErrPasswordCommon},
		{"ｐａｓｓｗｏｒｄ１２３４", account.ErrPasswordCommon},
		{"changemechangeme", account.ErrPasswordCommon},
		{"iloveyou!!!!!!!!!!!!", account.ErrPasswordCommon},

		{"alice2026!!!", account.ErrPasswordName},
		{"ALICEalice123", account.ErrPasswordName},
		{"turnike12345", account.ErrPasswordName},
		{"TURNİKE-2026", account.ErrPasswordName},
		{"alice@turnike", account.ErrPasswordName},
		{"acme-acme-acme", account.ErrPasswordName},
		{"alice0000000000", account.ErrPasswordName},
	} {
		if err := policy.Check(test.password, "Alice"); !errors.Is(err, test.want) {
			t.Errorf("Check(%q) = %v, want %v", test.password, err, test.want)
		} else if err != nil && len(test.password) > 3 && strings.Contains(err.Error(), test.password) {
			t.Errorf("the error shows the password: %v", err)
		}
	}
	// A short user name is in many passwords.
	if err := policy.Check("42 oj 42 37 90", "oj"); err != nil {
		t.Error(err)
	}
}

func TestSEC04_Floor(t *testing.T) {
	for minimum, good := range map[int]bool{0: true, 7: false, 8: true, 12: true, 15: true, 64: true, 256: true, 257: false, -1: false} {
		policy, err := account.NewPolicy(minimum)
		if (err == nil) != good || err != nil && !errors.Is(err, account.ErrPolicy) {
			t.Errorf("NewPolicy(%d) = %v", minimum, err)
		}
		if err != nil {
			continue
		}
		if minimum == 0 {
			minimum = account.DefaultPassword
		}
		password := strings.Repeat("k9!vB2#q", 33)
		if err := policy.Check(password[:minimum-1], ""); !errors.Is(err, account.ErrPasswordShort) {
			t.Errorf("one under %d: %v", minimum, err)
		}
		if err := policy.Check(password[:minimum-1]+"ş", ""); err != nil {
			t.Errorf("just %d: %v", minimum, err)
		}
	}
}

func TestSEC03_Lengths(t *testing.T) {
	policy, err := account.NewPolicy(0)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("k9!vB2#q-", 114)[:1023] + "."
	for _, test := range []struct {
		password string
		want     error
	}{
		{long[:64], nil},
		{long[:65], nil},
		{long, nil},
		{long + "x", account.ErrPasswordLong},
		{strings.Repeat("ş", 513), account.ErrPasswordLong},
		{strings.Repeat(long, 1000), account.ErrPasswordLong},
	} {
		if err := policy.Check(test.password, "alice"); !errors.Is(err, test.want) {
			t.Errorf("%d bytes: %v, want %v", len(test.password), err, test.want)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	policy, err := account.NewPolicy(account.FloorPassword)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "password", "ııııııııııı", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", "12345678\n", "aliceALICE"} {
		f.Add(seed, "alice")
	}
	f.Fuzz(func(t *testing.T, password, username string) {
		err := policy.Check(password, username)
		if n := utf8.RuneCountInString(password); err == nil && (n < account.FloorPassword || len(password) > account.MaxPasswordBytes) {
			t.Errorf("%d characters in %d bytes are accepted", n, len(password))
		}
	})
}

func BenchmarkPolicy(b *testing.B) {
	policy, err := account.NewPolicy(0)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := policy.Check("correct horse battery staple", "alice"); err != nil {
			b.Fatal(err)
		}
	}
}
