package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/turnike/turnike/internal/app"
	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/token/keyfile"
)

// backupCommand copies the database to a file.
type backupCommand struct {
	File string `arg:"" help:"The file to write; it must not exist."`
}

// Run writes the backup, with the server running or stopped.
func (c *backupCommand) Run(ctx context.Context, inv *invocation) error {
	if app.NoDatabase(inv.data) {
		return fmt.Errorf("there is no database in %s; name the data directory with --data", inv.data)
	}
	err := app.CopyDatabase(ctx, inv.data, c.File)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already; name another file", input.Quote(c.File))
	}
	if err != nil {
		return fmt.Errorf("cannot write the backup: %w", err)
	}
	return inv.say("backup written to %s; the token keys (%s) and certificates are not in it", c.File, filepath.Join(inv.data, keyfile.Name))
}
