package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// onlyOwner checks that only the owner can read the secrets in a data directory.
func onlyOwner(t *testing.T, data string) {
	t.Helper()
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		public := d.IsDir() && path != data || filepath.Ext(path) == ".pem" && !holdsKey(t, path)
		if !public && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func holdsKey(t *testing.T, path string) bool {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw) != "" && containsKey(string(raw))
}
