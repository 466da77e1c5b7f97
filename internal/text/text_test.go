package text

import (
	"testing"
	"time"
)

func TestOf(t *testing.T) {
	at := time.Date(2026, 5, 1, 9, 41, 7, 0, time.UTC)
	for _, c := range []struct {
		lang, code string
		ended      bool
		fields     Fields
		want       string
	}{
		{"en", "seat_limit", false, Fields{Max: 3}, "All 3 seats are taken. You are logged in; you can come in when someone leaves."},
		{"en", "invalid_credentials", false, Fields{}, "Username or password is incorrect. Check both and try again."},
		{"en", "rate_limited", true, Fields{}, "Tabs keep replacing each other. This session changed tabs several times in a few seconds. Keep one tab open."},
		{"tr", "ended_by_admin", true, Fields{At: at}, "Yönetici oturumunuzu kapattı. Saat 09:41:07 UTC. Yeniden giriş yapabilirsiniz; sorunuz varsa yöneticinize başvurun."},
		{"en", "store_unavailable", false, Fields{Wait: 5 * time.Second}, "New logins are paused. The server has a temporary problem; it is not about your password. Try again in 5 s."},
		{"en", "something_new", false, Fields{}, "something_new"},
	} {
		if got := Of(c.lang, c.code, c.ended, c.fields); got != c.want {
			t.Errorf("%s %s: %q", c.lang, c.code, got)
		}
	}
	for got, want := range map[string]string{
		Takeover("en", true):                             "Please confirm before you continue. This account moved between devices several times in the last minute. If you continue here, the session on the other device ends.",
		Takeover("tr", false):                            "Hesabınız şu an başka bir yerde açık. Buradan devam ederseniz oradaki oturum hemen kapanır.",
		Active("en", "", 30*time.Second):                 "Your account is in use. It is open on Unknown device (last active just now). Log out there first; if that device lost its connection, you can come in after a minute at most.",
		Active("tr", "Firefox · Linux", 150*time.Second): "Hesabınız şu an kullanımda. Firefox · Linux cihazında açık (son etkinlik 2 dk önce). Önce oradan çıkış yapın; bağlantısı koptuysa en çok bir dakika sonra girebilirsiniz.",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := Full("en", Fields{Max: 2}); got != "All 2 seats are taken. Your login details are correct; you can come in when someone leaves." {
		t.Error(got)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 sn", time.Millisecond: "1 sn", 7 * time.Second: "7 sn", 764 * time.Second: "12 dk 44 sn",
		time.Hour: "1 sa", 125 * time.Minute: "2 sa 5 dk",
	} {
		if got := Duration("tr", d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	if got := Duration("en", 764*time.Second); got != "12 min 44 s" {
		t.Error(got)
	}
}
