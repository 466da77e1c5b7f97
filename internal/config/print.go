package config

import (
	"fmt"
	"io"
	"strings"
)

// Print writes the effective configuration as TOML. It redacts secrets [SEC-55]; a
// comment names the source of each value that is not the default.
func Print(w io.Writer, c Config) error {
	var b strings.Builder
	section := ""
	for _, f := range c.fields() {
		s, name, _ := strings.Cut(f.key, ".")
		if s != section {
			if section != "" {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "[%s]\n", s)
			section = s
		}
		if f.kind == kindSecret && f.get() == "" {
			fmt.Fprintf(&b, "# %s is not set\n", name)
			continue
		}
		fmt.Fprintf(&b, "%s = %s", name, f.literal())
		if origin := c.origins[f.key]; origin != "" {
			fmt.Fprintf(&b, " # %s", origin)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
