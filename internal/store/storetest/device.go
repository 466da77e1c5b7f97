package storetest

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// loginFrom logs a user in from a device, and reports whether it was known before.
func loginFrom(t testing.TB, s Store, c *session.Core, user, device string) bool {
	t.Helper()
	known := knows(t, s, user, device)
	hash := sha256.Sum256([]byte(device))
	if _, err := c.Login(t.Context(), session.ByUser(user), session.Login{User: user, CredVersion: 1, DeviceHash: hash[:], Device: device}); err != nil {
		t.Fatal(err)
	}
	return known
}

func knows(t testing.TB, s Store, user, device string) bool {
	t.Helper()
	hash := sha256.Sum256([]byte(device))
	known, err := s.KnownDevice(t.Context(), user, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func testDevices(t *testing.T, b Backend) {
	s := b.Open(t)
	c := core(s)
	ada, bob := addUser(t, s, "ada"), addUser(t, s, "bob")
	if loginFrom(t, s, c, ada, "phone") || !loginFrom(t, s, c, ada, "phone") {
		t.Error("a device is known before its first login, or not after it")
	}
	if knows(t, s, bob, "phone") || knows(t, s, ada, "laptop") || knows(t, s, "nobody", "phone") {
		t.Error("a device is known to another user, or another device")
	}
	if err := c.ChangeUser(t.Context(), session.ByCLI("test"), session.UserChange{User: bob, Role: new(account.RoleAdmin)}); err != nil {
		t.Fatal(err)
	}
	if !knows(t, s, ada, "phone") {
		t.Error("forgotten for another user's sake")
	}
	// The newest are kept.
	for i := range session.MaxDevices {
		loginFrom(t, s, c, ada, fmt.Sprint("device ", i))
	}
	if knows(t, s, ada, "phone") {
		t.Error("more devices are known than MaxDevices")
	}
	for i := range session.MaxDevices {
		if !knows(t, s, ada, fmt.Sprint("device ", i)) {
			t.Errorf("device %d is forgotten", i)
		}
	}
	now := c.Now()
	if err := s.Prune(t.Context(), now.Add(session.DeviceLife/2), now, now); err != nil {
		t.Fatal(err)
	}
	if !knows(t, s, ada, "device 1") {
		t.Error("forgotten too early")
	}
	if err := s.Prune(t.Context(), now.Add(session.DeviceLife), now, now); err != nil {
		t.Fatal(err)
	}
	if knows(t, s, ada, "device 1") {
		t.Error("known longer than a browser keeps its cookie")
	}
}
