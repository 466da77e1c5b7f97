package account_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/turnike/turnike/internal/account"
)

func TestParseName(t *testing.T) {
	for _, test := range []struct {
		name string
		raw  string
		want string // "" when it is refused
	}{
		{"plain", "alice", "alice"},
		{"kept as written", "Ayşe Yılmaz-Öztürk <a@b.c>", "Ayşe Yılmaz-Öztürk <a@b.c>"},
		{"one character", "x", "x"},
		{"composed", "S\u0327ule", "Şule"},
		{"other scripts", "Ольга 大輔", "Ольга 大輔"},
		{"emoji", "ali 🙂", "ali 🙂"},
		{"64 characters", strings.Repeat("ş", 64), strings.Repeat("ş", 64)},
		{"65 characters", strings.Repeat("s", 65), ""},
		{"64 characters of 4 bytes", strings.Repeat("🙂", 64), strings.Repeat("🙂", 64)},
		{"65 of them", strings.Repeat("🙂", 65), ""},
		{"256 bytes that NFC makes more", strings.Repeat("\u0958", 64), ""},
		{"empty", "", ""},
		{"space", " ", ""},
		{"no-break space", "\u00a0", ""},
		{"ideographic space", "\u3000", ""},
		{"leading space", " alice", ""},
		{"trailing space", "alice ", ""},
		{"trailing no-break space", "alice\u00a0", ""},
		{"NUL", "ali\x00ce", ""},
		{"line end", "alice\n", ""},
		{"line end within", "ali\r\nce", ""},
		{"tab", "ali\tce", ""},
		{"escape", "\x1b[31malice", ""},
		{"C1 control", "ali\u0085ce", ""},
		{"zero width space", "ali\u200bce", ""},
		{"zero width joiner", "ali\u200dce", ""},
		{"right-to-left override", "ali\u202ece", ""},
		{"byte order mark", "\ufeffalice", ""},
		{"soft hyphen", "ali\u00adce", ""},
		{"line separator", "ali\u2028ce", ""},
		{"tag character", "alice\U000e0061", ""},
		{"variation selector", "alice\ufe0f", ""},
		{"combining grapheme joiner", "ali\u034fce", ""},
		{"Hangul filler", "\u3164", ""},
		{"private use", "ali\ue000ce", ""},
		{"noncharacter", "ali\uffffce", ""},
		{"not UTF-8", "ali\xffce", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := account.ParseName(test.raw)
			if got != test.want {
				t.Errorf("ParseName(%q) = %q, %v", test.raw, got, err)
			}
			if (err != nil) != (test.want == "") || err != nil && !errors.Is(err, account.ErrName) {
				t.Errorf("error = %v", err)
			}
		})
	}
}

// TestSEC06_VariantsAreOneAccount has names that people, keyboards and
// attackers write in several ways.
func TestSEC06_VariantsAreOneAccount(t *testing.T) {
	for _, variants := range [][]string{
		{"alice", "Alice", "ALICE", "ａｌｉｃｅ", "ＡＬＩＣＥ", "𝐚𝐥𝐢𝐜𝐞"},
		{"ışık", "Işık", "IŞIK", "İŞİK", "işik", "ıs\u0327ık", "I\u0307ŞIK"},
		{"titiz", "TITIZ", "TİTİZ", "Titiz", "t\u0131t\u0131z"},
		{"straße", "STRASSE", "strasse", "STRAẞE"},
		{"müller", "MÜLLER", "mu\u0308ller", "MU\u0308LLER"},
		{"ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ", "ὀδυσσεύσ"},
		{"ﬁne", "fine", "FINE"},
		{"a b", "a  b", "A\u00a0B", "a\u3000b"},
		{"å", "\u212b", "Å", "a\u030a"},
		{"ⅷ", "VIII", "viii"},
	} {
		want := account.Canonical(variants[0])
		for _, variant := range variants[1:] {
			if got := account.Canonical(variant); got != want {
				t.Errorf("Canonical(%q) = %q, that of %q is %q", variant, got, variants[0], want)
			}
		}
	}
	different := map[string]string{}
	for _, name := range []string{"alice", "alicia", "al ice", "müller", "mueller", "muller", "sule", "şule", "аlice" /* Cyrillic */, "alice1", "alice.", "í", "i", "j"} {
		canonical := account.Canonical(name)
		if other, taken := different[canonical]; taken {
			t.Errorf("%q and %q are one account", name, other)
		}
		different[canonical] = name
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{"alice", "İIıi\u0307", "i\u0307\u0301", "\u0345\u03b1", "ﬃ ǰ ŉ", "\xff", "\u0130\u0327", "a\u00a8", "\u1e9b\u0323", "ı\u0307", "\u0390\u0307", "\xf2\u03f2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		canonical := account.Canonical(raw)
		if again := account.Canonical(canonical); again != canonical {
			t.Errorf("Canonical(%+q) = %+q, and of that %+q", raw, canonical, again)
		}
		name, err := account.ParseName(raw)
		if err != nil {
			return
		}
		if account.Canonical(name) != canonical || account.Canonical(norm.NFD.String(name)) != canonical {
			t.Errorf("%+q and its composed form %+q are two accounts", raw, name)
		}
		if again, err := account.ParseName(name); err != nil || again != name {
			t.Errorf("ParseName(%+q) = %+q, %v", name, again, err)
		}
		if canonical == "" || !utf8.ValidString(canonical) {
			t.Errorf("Canonical(%+q) = %+q", raw, canonical)
		}
	})
}

func TestParsePool(t *testing.T) {
	for _, test := range []struct {
		raw  string
		good bool
	}{
		{"default", true}, {"a", true}, {"0", true}, {"acme-1.eu_west", true},
		{strings.Repeat("a", 64), true}, {strings.Repeat("a", 65), false},
		{"", false}, {"Acme", false}, {"-a", false}, {".a", false}, {"_a", false},
		{"a b", false}, {"a/b", false}, {"a\n", false}, {"ş", false}, {"a\x00", false},
	} {
		got, err := account.ParsePool(test.raw)
		if (err == nil) != test.good || err == nil && got != test.raw || err != nil && !errors.Is(err, account.ErrPool) {
			t.Errorf("ParsePool(%q) = %q, %v", test.raw, got, err)
		}
	}
}

func TestParseRole(t *testing.T) {
	for raw, want := range map[string]account.Role{"user": account.RoleUser, "admin": account.RoleAdmin, "": "", "Admin": "", "root": "", " user": ""} {
		got, err := account.ParseRole(raw)
		if got != want || (err != nil) != (want == "") || err != nil && !errors.Is(err, account.ErrRole) {
			t.Errorf("ParseRole(%q) = %q, %v", raw, got, err)
		}
	}
}

// TestJoiners: names that need invisible joiners are allowed, and only those.
func TestJoiners(t *testing.T) {
	for _, name := range []string{
		"می\u200cخواهم", "علی\u200cرضا", // Persian: a non-joiner between letters that would join
		"क्\u200dष", "श्री\u0020क्\u200cष", // Devanagari: behind a virama
		"👩\u200d💻", "👩🏽\u200d💻", "👩\u200d❤\ufe0f\u200d👨", "☎\ufe0f", // emoji
	} {
		if _, err := account.ParseName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if plain := strings.NewReplacer("\u200c", "", "\u200d", "", "\ufe0f", "").Replace(name); account.Canonical(plain) != account.Canonical(name) {
			t.Errorf("%q: another account without the joiner", name)
		}
	}
	for _, name := range []string{
		"a\u200cb", "a\u200db", "\u200cعلی", "علی\u200c", "ayşe\u200d", "👩\u200d", "\u200d👩", "👩\u200dx", "a\ufe0f", "1\ufe0f", "a\u2060b", "क\u200dष",
	} {
		if _, err := account.ParseName(name); err == nil {
			t.Errorf("%q is allowed", name)
		}
	}
}
