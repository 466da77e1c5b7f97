package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/turnike/turnike/internal/input"
)

// ParseDuration parses a duration: "15s", "1h30m", or whole days as in "400d".
// A number without a unit is ambiguous and refused, except 0.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * day, nil
		}
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return 0, fmt.Errorf("%s has no unit: write a duration such as %q", input.Quote(s), s+"s")
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf(`%s is not a duration: write one such as "15s", "5m" or "24h"`, input.Quote(s))
	}
	return d, nil
}

// FormatDuration returns the shortest text for d that parseSpan reads.
func FormatDuration(d time.Duration) string {
	if d > day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
