package login

import (
	"strings"
	"testing"
)

func TestSEC15_DeviceCookie(t *testing.T) {
	for value, want := range map[string]bool{
		"6DJC62KYZYEK726AUJ5FQ4EYTA": true, "": false, "short": false,
		"6djc62kyzyek726auj5fq4eyta": false, "6DJC62KYZYEK726AUJ5FQ4EYT1": false, "6DJC62KYZYEK726AUJ5FQ4EYTAA": false,
	} {
		got := ReadDevice(value)
		if (got.Value == value) != want || got.Shown != want || !validDevice(got.Value) || len(got.Hash) != 32 ||
			strings.Contains(string(got.Hash), got.Value) {
			t.Errorf("%q: %q", value, got.Value)
		}
	}
}

func TestSEC57_DeviceLabel(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36": "Chrome · Linux",
		"curl/8.1":       "curl",
		"":               "",
		"evil\x1b[31m/1": "evil",
	} {
		if got := deviceLabel(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
	if got := deviceLabel(strings.Repeat("x", 5000)); len([]rune(got)) > 200 {
		t.Errorf("%d runes", len([]rune(got)))
	}
}
