package certificate

import (
	"context"
	"time"
)

const (
	// expiryWarning is how long before its end a certificate must have been replaced
	// [SEC-53].
	expiryWarning = 14 * 24 * time.Hour
	// expiryInterval is how often that is checked and reported.
	expiryInterval = 24 * time.Hour
)

// WatchExpiry calls warn at once and then daily while the certificate expires in
// less than 14 days, until ctx is done. Before that it looks for a new certificate.
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
