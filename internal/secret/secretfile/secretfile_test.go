package secretfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/turnike/turnike/internal/secret/secretfile"
)

// open gives a data directory of the test's own.
func open(t *testing.T) (*os.Root, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root, dir
}

// names gives what is in dir.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

func TestCreate(t *testing.T) {
	root, dir := open(t)
	if err := secretfile.Create(root, "key", []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := secretfile.Create(root, "key", []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("second Create = %v, want fs.ErrExist", err)
	}
	data, tooOpen, err := secretfile.Read(root, "key")
	if err != nil || string(data) != "first" || tooOpen {
		t.Errorf("Read = %q, %v, %v", data, tooOpen, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v", info.Mode(), err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("files left behind: %v", got)
	}
}

// TestCreateAtOnce lets many write the same name: one wins, and the file is
// that one's, whole.
func TestCreateAtOnce(t *testing.T) {
	root, dir := open(t)
	results := make([]error, 16)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			results[i] = secretfile.Create(root, "key", []byte(strings.Repeat(string(rune('a'+i)), 4096)))
		})
	}
	group.Wait()
	winner := -1
	for i, err := range results {
		switch {
		case err == nil && winner >= 0:
			t.Fatal("two writers both won")
		case err == nil:
			winner = i
		case !errors.Is(err, fs.ErrExist):
			t.Fatal(err)
		}
	}
	data, _, err := secretfile.Read(root, "key")
	if err != nil || winner < 0 || string(data) != strings.Repeat(string(rune('a'+winner)), 4096) {
		t.Errorf("the file is not the winner's (%d): %v", winner, err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("files left behind: %v", got)
	}
}

func TestReplace(t *testing.T) {
	root, dir := open(t)
	if err := root.Mkdir("tls", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"one", "two"} {
		if err := secretfile.Replace(root, "tls/ca.pem", []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		data, tooOpen, err := secretfile.Read(root, "tls/ca.pem")
		if err != nil || string(data) != content || !tooOpen {
			t.Errorf("Read = %q, %v, %v", data, tooOpen, err)
		}
	}
	if got := names(t, filepath.Join(dir, "tls")); len(got) != 1 {
		t.Errorf("files left behind: %v", got)
	}
	if err := secretfile.Replace(root, "missing/ca.pem", nil, 0o644); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a missing directory: %v", err)
	}
}

// TestSEC61_StaysInside has names and links that point out of the directory.
func TestSEC61_StaysInside(t *testing.T) {
	root, dir := open(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../outside", outside, "link"} {
		if data, _, err := secretfile.Read(root, name); err == nil {
			t.Errorf("Read(%q) = %q", name, data)
		}
	}
	if err := secretfile.Create(root, "../outside", nil); err == nil {
		t.Error("a file was made outside")
	}
	if err := secretfile.Replace(root, "link", []byte("ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(outside); err != nil || string(data) != "theirs" {
		t.Errorf("the link's target became %q, %v", data, err)
	}
}

func TestSEC55_Load(t *testing.T) {
	for _, test := range []struct {
		name    string
		content string
		mode    fs.FileMode
		want    string
		tooOpen bool
		err     error
	}{
		{"plain", "abc", 0o600, "abc", false, nil},
		{"line end", "abc\n", 0o640, "abc", false, nil},
		{"line end of Windows", "abc\r\n", 0o400, "abc", false, nil},
		{"spaces belong to it", " a b \n", 0o600, " a b ", false, nil},
		{"readable by all", "abc", 0o644, "abc", true, nil},
		{"writable by the group", "abc", 0o660, "abc", true, nil},
		{"empty", "\n\n", 0o600, "", false, secretfile.ErrEmpty},
		{"longest", strings.Repeat("a", secretfile.MaxLength), 0o600, strings.Repeat("a", secretfile.MaxLength), false, nil},
		{"too long", strings.Repeat("a", secretfile.MaxLength+1), 0o600, "", false, secretfile.ErrTooLong},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			s, tooOpen, err := secretfile.Load(path)
			if !errors.Is(err, test.err) {
				t.Fatalf("error = %v, want %v", err, test.err)
			}
			if err != nil && strings.Contains(err.Error(), "aaa") {
				t.Error("the error shows the content")
			}
			if s.Reveal() != test.want || tooOpen != test.tooOpen {
				t.Errorf("got %d bytes, tooOpen %v", len(s.Reveal()), tooOpen)
			}
		})
	}
	if _, _, err := secretfile.Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// TestReplaceKeepsTheOwner: a command that root runs leaves a file that the
// server can read.
func TestReplaceKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, owned := range []bool{false, true} {
		if owned {
			if err := root.Chown("key", 65532, 65533); err != nil {
				t.Fatal(err)
			}
		}
		if err := secretfile.Replace(root, "key", []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	info, err := root.Stat("key")
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 65532 || s.Gid != 65533 || info.Mode().Perm() != 0o600 {
		t.Errorf("owner %d:%d, mode %v", s.Uid, s.Gid, info.Mode())
	}
}
