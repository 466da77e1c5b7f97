package certificate

import (
	"context"
	"time"
)

const (
	// expiryWarning is how long before its end a certificate should have been
	// replaced, whoever does that [SEC-53].
	expiryWarning = 14 * 24 * time.Hour
	// expiryInterval is how often that is looked at, and said.
	expiryInterval = 24 * time.Hour
)

// WatchExpiry tells warn at once and once a day, while the certificate ends in
// less than 14 days, until ctx is done. Before it warns it looks for a new one.
func (s *Source) WatchExpiry(ctx context.Context, warn func(notAfter time.Time)) {
	tick := time.NewTicker(expiryInterval)
	defer tick.Stop()
	for {
		s.check()
		if end := s.NotAfter(); !end.IsZero() && time.Until(end) < expiryWarning {
			warn(end)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
