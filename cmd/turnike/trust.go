package main

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/smallstep/truststore"

	"github.com/turnike/turnike/internal/certificate"
)

// trustCommand adds the local CA to the trusted CAs of this machine and of its user's
// browsers, or removes it.
type trustCommand struct {
	Uninstall bool `help:"Remove the CA again."`
}

// errTrust ends a run in which a store was not changed.
var errTrust = errors.New("not every store was changed; see above what to do")

// Run prints for each store what was done, or why not and how to do it by hand.
func (c *trustCommand) Run(inv *invocation) error {
	file := filepath.Join(inv.data, "tls", certificate.CAFile)
	authority, err := truststore.ReadCertificate(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf(`there is no local authority at %s; it is made when the server starts with tls.mode "auto"`, file)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := inv.say("%s, SHA-256 %s", authority.Subject.CommonName, fingerprint(authority)); err != nil {
		return err
	}
	browsers := browserTrust{home: os.Getenv("HOME"), dataHome: inv.env["XDG_DATA_HOME"], remove: c.Uninstall}
	failed := false
	for _, s := range []trustStore{{"system", c.system}, {"browsers", browsers.change}} {
		done, err := s.change(file, authority)
		if err != nil {
			failed = true
			done = strings.TrimSpace(err.Error())
		}
		if err := inv.say("%s: %s", s.name, done); err != nil {
			return err
		}
	}
	if failed {
		return errTrust
	}
	return nil
}

// trustStore is a list of trusted CAs. change returns a sentence about what it did.
type trustStore struct {
	name   string
	change func(file string, authority *x509.Certificate) (string, error)
}

// system changes the list that curl, Python, Go and others use.
func (c *trustCommand) system(file string, authority *x509.Certificate) (string, error) {
	change, done, hand := truststore.Install, "trusts it now", "sudo cp "+file+" "+systemFile()+" && sudo "+strings.Join(truststore.SystemTrustCommand, " ")
	if c.Uninstall {
		change, done = truststore.Uninstall, "does not trust it"
		hand = "sudo rm " + systemFile() + " && sudo " + strings.Join(truststore.SystemTrustCommand, " ")
	}
	if truststore.SystemTrustCommand == nil {
		return "", errors.New("there is no list here that this command knows; give programs the file, as in: curl --cacert " + file)
	}
	if err := change(authority); err != nil {
		return "", fmt.Errorf("not changed: %w; by hand: %s", oneLine(err), hand)
	}
	return done + ", " + strings.Join(truststore.SystemTrustCommand, " ") + " has run", nil
}

// systemFile returns the file to copy the CA to by hand.
func systemFile() string { return strings.Replace(truststore.SystemTrustFilename, "%s", "turnike", 1) }

// oneLine returns the error with its text in one line.
func oneLine(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }

// fingerprint returns the SHA-256 hash by which people compare certificates.
func fingerprint(c *x509.Certificate) string { return fmt.Sprintf("%X", sha256.Sum256(c.Raw)) }
