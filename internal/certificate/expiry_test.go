package certificate_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turnike/turnike/internal/certificate"
)

// TestSEC53_Certbot: certbot keeps each pair in archive and lets links in live
// point to the newest. Changing the links is seen, one after the other as they
// are changed, and so is a link of the whole directory.
func TestSEC53_Certbot(t *testing.T) {
	pairs := map[string][2]string{}
	for _, name := range []string{"one", "two", "three"} {
		cert, key := rsaPair(t, name+".example.com")
		pairs[name] = [2]string{cert, key}
	}
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		live := filepath.Join(dir, "live")
		if err := os.Mkdir(live, 0o700); err != nil {
			t.Fatal(err)
		}
		link := func(target, name string) { // as certbot: a new link that is renamed
			t.Helper()
			if err := os.Symlink(target, name+".new"); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(name+".new", name); err != nil {
				t.Fatal(err)
			}
		}
		cert, key := filepath.Join(live, "fullchain.pem"), filepath.Join(live, "privkey.pem")
		link(pairs["one"][0], cert)
		link(pairs["one"][1], key)
		failures := 0
		source, err := certificate.Files(cert, key, func(error) { failures++ })
		if err != nil {
			t.Fatal(err)
		}
		shows := func(name string) {
			t.Helper()
			time.Sleep(time.Second)
			if got := leaf(t, source).DNSNames[0]; got != name+".example.com" {
				t.Errorf("it shows %s, want %s", got, name)
			}
		}
		shows("one")
		link(pairs["two"][1], key) // between the two renames
		shows("one")
		if failures != 1 {
			t.Errorf("%d failures heard, want one", failures)
		}
		link(pairs["two"][0], cert)
		shows("two")
		if err := os.Rename(live, live+".old"); err != nil {
			t.Fatal(err)
		}
		shows("two") // nothing is there for a while
		other := filepath.Join(dir, "other")
		if err := os.Mkdir(other, 0o700); err != nil {
			t.Fatal(err)
		}
		link(pairs["three"][0], filepath.Join(other, "fullchain.pem"))
		link(pairs["three"][1], filepath.Join(other, "privkey.pem"))
		link(other, live)
		shows("three")
	})
}

// TestSEC53_ExpiryWarning: the last 14 days are told of once a day, until there
// is a new certificate.
func TestSEC53_ExpiryWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		fresh := local(t, filepath.Join(dir, "local"), "a.example.com")
		warned := 0
		ctx, stop := context.WithCancel(t.Context())
		go fresh.WatchExpiry(ctx, func(time.Time) { warned++ })
		time.Sleep(400 * day) // it renews itself 30 days before its end
		if synctest.Wait(); warned != 0 {
			t.Errorf("%d warnings of one that lasts", warned)
		}
		stop()
	})
	oldCert, oldKey := rsaPair(t, "old.example.com") // a day is left
	old, err := certificate.Files(oldCert, oldKey, never(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	old.WatchExpiry(ctx, func(end time.Time) {
		if !end.Equal(old.NotAfter()) {
			t.Errorf("told of %v", end)
		}
		stop()
	})
	if ctx.Err() == nil {
		t.Error("no warning of one that ends tomorrow")
	}
}
