package app

import (
	"context"
	"log/slog"

	"github.com/turnike/turnike/internal/config"
)

// spareFiles is the number of file descriptors kept for the database, logins and
// commands when all sockets are in use [SEC-42].
const spareFiles = 512

// warnOfFewFiles logs that the system allows fewer sockets than configured. It is a
// warning only if the operator has set ratelimit.connections.
func warnOfFewFiles(cfg config.Config, log *slog.Logger) {
	level := slog.LevelInfo
	if cfg.Origin("ratelimit.connections") != "" {
		level = slog.LevelWarn
	}
	c, files := cfg.RateLimit, openFiles()
	if got := socketLimits(c, files).Connections; c.Enabled && got < c.Connections {
		log.Log(context.Background(), level, "the limit on open files allows fewer connections than ratelimit.connections; raise it (ulimit -n, LimitNOFILE=)",
			"files", files, "connections", got, "ratelimit.connections", c.Connections)
	}
}
