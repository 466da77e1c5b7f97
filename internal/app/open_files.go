package app

import (
	"context"
	"log/slog"

	"github.com/turnike/turnike/internal/config"
)

// spareFiles are left for the database, for logins and for commands when every
// socket that may be is open [SEC-42].
const spareFiles = 512

// warnOfFewFiles says that the system allows fewer sockets than are configured:
// a warning to who has configured them.
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
