package web

import (
	"strings"
	"testing"
)

func TestTextExistsInEveryLanguage(t *testing.T) {
	for _, lang := range Languages() {
		for key := range catalog()[lang] {
			for _, other := range Languages() {
				if text, ok := Text(other, key); !ok || text == "" {
					t.Errorf("%s has %q, %s has not", lang, key, other)
				}
			}
		}
	}
	if _, ok := Text("de", "btn.retry"); ok {
		t.Error("a language that does not exist has texts")
	}
	if _, ok := Text("tr", "no.such.key"); ok {
		t.Error("a key that does not exist has a text")
	}
}

func TestFill(t *testing.T) {
	for name, tc := range map[string]struct {
		text   string
		fields map[string]string
		want   string
	}{
		"values":            {"{used} / {max} dolu", map[string]string{"used": "2", "max": "3"}, "2 / 3 dolu"},
		"missing stays":     {"saat {time}", nil, "saat {time}"},
		"value with braces": {"{name}: {n}", map[string]string{"name": "{n}", "n": "4"}, "{n}: 4"},
		"one":               {"{n} seat free | {n} seats free", map[string]string{"n": "1"}, "1 seat free"},
		"other":             {"{n} seat free | {n} seats free", map[string]string{"n": "0"}, "0 seats free"},
		"by used":           {"{used} person | {used} people", map[string]string{"used": "1"}, "1 person"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Fill(tc.text, tc.fields); got != tc.want {
				t.Errorf("Fill(%q) = %q, want %q", tc.text, got, tc.want)
			}
		})
	}
}

func TestLanguage(t *testing.T) {
	for name, tc := range map[string]struct{ choice, header, want string }{
		"nothing known":        {"", "", "tr"},
		"choice wins":          {"en", "tr", "en"},
		"unknown choice":       {"de", "en-GB,en;q=0.8", "en"},
		"region":               {"", "tr-TR,tr;q=0.9,en;q=0.8", "tr"},
		"weights, not order":   {"", "tr;q=0.2,en;q=0.7", "en"},
		"refused":              {"", "en;q=0,tr;q=0.1", "tr"},
		"others are passed by": {"", "de,fr;q=0.9,en;q=0.1", "en"},
		"unreadable":           {"", ";;,=;q,en;q=x", "tr"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Language(tc.choice, tc.header); got != tc.want {
				t.Errorf("Language(%q, %q) = %q, want %q", tc.choice, tc.header, got, tc.want)
			}
		})
	}
}

func FuzzLanguage(f *testing.F) {
	f.Add("", "tr-TR,tr;q=0.9,en;q=0.8")
	f.Add("en", ";q=;,")
	f.Fuzz(func(t *testing.T, choice, header string) {
		if got := Language(choice, header); got != "tr" && got != "en" {
			t.Errorf("Language(%q, %q) = %q", choice, header, got)
		}
	})
}

// TestEveryContractCodeHasAMessage is the words test of the copy for the codes
// a client can be told.
func TestEveryContractCodeHasAMessage(t *testing.T) {
	refusals := strings.Fields(`bad_request invalid_token unauthorized token_mismatch username_mismatch
		not_registered seat_limit seat_lost rate_limited event_rate_limited forbidden store_unavailable
		invalid_credentials cross_origin already_active takeover_required login_busy payload_too_large
		unsupported_media_type not_found method_not_allowed internal rotated server_draining slow_consumer`)
	ends := strings.Fields(`replaced ended_by_admin expired idle account_disabled logged_out password_changed
		role_changed connection_replaced register_timeout rate_limited seat_limit seat_lost`)
	check := func(code string, ended bool) {
		key, ok := MessageKey(code, ended)
		if !ok {
			t.Errorf("%s (ended %v) has no message", code, ended)
			return
		}
		for _, lang := range Languages() {
			if text, ok := Text(lang, key); !ok || text == "" {
				t.Errorf("%s: %s has no text in %s", code, key, lang)
			}
		}
	}
	for _, code := range refusals {
		check(code, false)
	}
	for _, code := range ends {
		check(code, true)
	}
	if key, ok := MessageKey("no_such_code", false); ok {
		t.Errorf("an unknown code has the message %s", key)
	}
	refused, _ := MessageKey("rate_limited", false)
	ended, _ := MessageKey("rate_limited", true)
	if refused == ended {
		t.Error("rate_limited as an end says the same as a refused request")
	}
}
