package webhttp

import "testing"

// TestSEC18_TokenIn: a token in a query is found under any spelling.
func TestSEC18_TokenIn(t *testing.T) {
	for query, want := range map[string]bool{
		"": false, "a=1&b=token": false, "tokens=1": false, "token=x": true, "a=1&access_token=": true, "Token=x": true,
		"ACCESS_TOKEN=x": true, "a=1;token=x": true, "%74oken=x": true, "token": true, "EIO=4&transport=polling": false,
	} {
		if got := tokenIn(query); got != want {
			t.Errorf("%q: %v", query, got)
		}
	}
}
