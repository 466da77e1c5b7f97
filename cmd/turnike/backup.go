package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/turnike/turnike/internal/token/keyfile"
)

// backupCommand copies the database to a file.
type backupCommand struct {
	File string `arg:"" help:"The file to write; it must not exist."`
}

// Run writes the backup, with the server running or stopped.
func (c *backupCommand) Run(ctx context.Context, a *app) error {
	if noDatabase(a.data) {
		return fmt.Errorf("there is no database in %s; name the data directory with --data", a.data)
	}
	err := copyDatabase(ctx, a.data, c.File)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already; name another file", clip(c.File))
	}
	if err != nil {
		return fmt.Errorf("cannot write the backup: %w", err)
	}
	return a.say("backup written to %s; the token keys (%s) and certificates are not in it", c.File, filepath.Join(a.data, keyfile.Name))
}
