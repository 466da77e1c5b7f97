package main

import "fmt"

// count returns a number with its noun: 1 session, 2 sessions.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
