package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there?#%41 ışık")
	var wg sync.WaitGroup
	stores := make([]*Store, 4)
	for i := range stores { // several processes find no database at once
		wg.Go(func() {
			var err error
			if stores[i], err = Open(t.Context(), Options{Dir: dir, Log: quiet()}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if err := stores[0].SetMeta(t.Context(), "dev", "true"); err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		defer s.Close()
		if s.Instance() == "" || s.Instance() != stores[0].Instance() {
			t.Errorf("instance %q, want %q", s.Instance(), stores[0].Instance())
		}
		if v, err := s.Meta(t.Context(), "dev"); err != nil || v != "true" {
			t.Errorf("meta %q, %v", v, err)
		}
		if v, err := s.Epoch(t.Context()); err != nil || v != "" {
			t.Errorf("epoch %q, %v, before the first run", v, err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]fs.FileMode{".": 0o700, File: 0o600, File + "-wal": 0o600, File + "-shm": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

func TestADatabaseOfALaterVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{Dir: dir, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	err = s.write(t.Context(), func(t *tx) error {
		_, err := t.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: dir, Log: quiet()}); err == nil || !strings.Contains(err.Error(), "later version") {
		t.Errorf("error %v", err)
	}
}

func TestDueIsIndexed(t *testing.T) {
	s := openStore(t)
	for name, query := range map[string]string{
		"expired":  `SELECT user_no FROM sessions WHERE ended_at IS NULL AND expires_at <= 1 ORDER BY expires_at LIMIT 1`,
		"lapsed":   `SELECT user_no FROM seats WHERE deadline IS NOT NULL AND deadline <= 1 ORDER BY deadline LIMIT 1`,
		"next":     `SELECT user_no FROM seats t WHERE t.pool_id = 1 AND t.state = 'grace' AND t.user_no <> 1 ORDER BY t.reclaim LIMIT 1`,
		"live":     `SELECT no FROM sessions s WHERE s.user_no = 1 AND s.ended_at IS NULL ORDER BY s.no`,
		"snapshot": `SELECT t.state FROM seats t WHERE t.pool_id = 1`,
		"prune":    `SELECT no FROM sessions WHERE ended_at IS NOT NULL AND expires_at <= 1 ORDER BY expires_at LIMIT 1`,
	} {
		var plan []string
		err := s.read(t.Context(), func(c *conn) error {
			return c.query(`EXPLAIN QUERY PLAN `+query, func(r row) error {
				plan = append(plan, r.string(3))
				return nil
			})
		})
		if err != nil || slices.ContainsFunc(plan, func(p string) bool { return strings.Contains(p, "SCAN") || strings.Contains(p, "TEMP") }) {
			t.Errorf("%s: %q, %v: want neither a scan nor a sort", name, plan, err)
		}
	}
}
