package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// browserTrust changes the certificate databases of one user's browsers. They
// are NSS databases, which the program certutil edits.
type browserTrust struct {
	home     string // the user's home directory
	dataHome string // XDG_DATA_HOME; "" stands for ~/.local/share
	remove   bool   // remove the CA instead of adding it
}

// change adds the CA to every database, or removes it, and returns a sentence about
// what it did. It fails if certutil is missing or a database could not be changed.
func (b browserTrust) change(file string, authority *x509.Certificate) (string, error) {
	name := authority.Subject.CommonName
	databases := b.databases()
	if len(databases) == 0 && !b.remove {
		return "no certificate database below " + b.home + "; open any https page in Chromium or Firefox once, as the user who uses it, then run: turnike trust", nil
	}
	if len(databases) == 0 {
		return "no certificate database below " + b.home, nil
	}
	certutil, err := exec.LookPath("certutil")
	if err != nil {
		return "", fmt.Errorf("not changed: certutil is missing; install libnss3-tools (Fedora: nss-tools) and run this again, or run by hand: %s",
			b.byHand(databases[0], name, file))
	}
	var failures []error
	for _, db := range databases {
		if err := b.edit(certutil, db, name, file); err != nil {
			failures = append(failures, fmt.Errorf("not changed: %w; by hand: %s", oneLine(err), b.byHand(db, name, file)))
		}
	}
	if len(failures) > 0 {
		return "", errors.Join(failures...)
	}
	where := strings.Join(databases, ", ")
	if b.remove {
		return "do not trust it, in " + where, nil
	}
	return "trust it now, in " + where + "; restart browsers that are running", nil
}

// databases returns the directories of the user's NSS databases. Chromium keeps
// its own in ~/.local/share/pki, older versions and other programs in ~/.pki;
// Firefox has one in each profile. Snap and Flatpak move both.
func (b browserTrust) databases() []string {
	patterns := []string{
		filepath.Join(b.home, ".pki/nssdb"),
		filepath.Join(cmp.Or(b.dataHome, filepath.Join(b.home, ".local/share")), "pki/nssdb"),
		filepath.Join(b.home, "snap/chromium/current/.pki/nssdb"),
		filepath.Join(b.home, "snap/chromium/current/.local/share/pki/nssdb"),
		filepath.Join(b.home, ".var/app/*/.pki/nssdb"),
		filepath.Join(b.home, ".var/app/*/data/pki/nssdb"),
		filepath.Join(b.home, ".mozilla/firefox/*"),
		filepath.Join(b.home, ".config/mozilla/firefox/*"),
		filepath.Join(b.home, "snap/firefox/common/.mozilla/firefox/*"),
		filepath.Join(b.home, ".var/app/org.mozilla.firefox/.mozilla/firefox/*"),
	}
	var found []string
	for _, p := range patterns {
		dirs, _ := filepath.Glob(p) // a home with [ or * in its name has no match, like an empty one
		for _, dir := range dirs {
			if _, err := os.Stat(filepath.Join(dir, "cert9.db")); err == nil {
				found = append(found, dir)
			}
		}
	}
	return found
}

// edit changes one database. Removing a CA that is not there succeeds.
func (b browserTrust) edit(certutil, db, name, file string) error {
	if b.remove {
		if err := exec.Command(certutil, "-L", "-d", "sql:"+db, "-n", name).Run(); err != nil {
			return nil // certutil does not find the name: there is nothing to remove
		}
	}
	out, err := exec.Command(certutil, b.arguments(db, name, file)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", db, err, out)
	}
	return nil
}

// arguments returns the arguments of certutil.
func (b browserTrust) arguments(db, name, file string) []string {
	if b.remove {
		return []string{"-D", "-d", "sql:" + db, "-n", name}
	}
	return []string{"-A", "-d", "sql:" + db, "-t", "C,,", "-n", name, "-i", file}
}

// byHand returns the command line that does the same.
func (b browserTrust) byHand(db, name, file string) string {
	line := "certutil"
	for _, arg := range b.arguments(db, name, file) {
		if strings.ContainsAny(arg, " ()") {
			arg = "'" + arg + "'"
		}
		line += " " + arg
	}
	return line
}
