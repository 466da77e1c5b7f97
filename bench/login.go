package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"time"
)

// loginMode is whether the time of a refused login tells which accounts exist
// [SEC-05]: wrong passwords of a known account beside unknown and disabled ones,
// in turn.
func loginMode() mode {
	return mode{
		name: "login", once: true, section: "Does the time of a refusal tell which accounts exist",
		notFor: []string{"floor", "flask", "node"},
		metrics: []metric{
			{key: "loginMs", title: "ms of a refused login, median", digits: 1},
			{key: "unknownP", title: "unknown account: p (Mann-Whitney)", target: "> 0.01", digits: 3},
			{key: "unknownGap", title: "unknown account: gap of the means, %", target: "< 5", digits: 2, zero: true},
			{key: "disabledP", title: "disabled account: p", target: "> 0.01", digits: 3},
			{key: "disabledGap", title: "disabled account: gap of the means, %", target: "< 5", digits: 2, zero: true},
		},
		setting: func(sizes, *peer) setting { return setting{users: 1} },
		measure: func(ctx context.Context, f *figure) (values, error) {
			for _, name := range []string{"known", "disabled"} {
				if _, err := f.server.operate(ctx, "a long pass phrase of nobody\n", "user", "add", name, "--password-stdin"); err != nil {
					return nil, err
				}
			}
			if _, err := f.server.operate(ctx, "", "user", "disable", "disabled"); err != nil {
				return nil, err
			}
			transport := &http.Transport{TLSClientConfig: f.crowd.tls}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			took := map[string][]float64{}
			kinds := []string{"known", "unknown", "disabled"}
			for range f.sizes.logins {
				for i := range kinds {
					name := kinds[(i+len(took["known"]))%len(kinds)] // no place in the row is better than another
					ms, err := f.refusal(ctx, client, name)
					if err != nil {
						return nil, err
					}
					took[name] = append(took[name], ms)
				}
			}
			known := took["known"]
			return values{
				"loginMs":    summarise(known).median,
				"unknownP":   mannWhitney(known, took["unknown"]),
				"disabledP":  mannWhitney(known, took["disabled"]),
				"unknownGap": gap(known, took["unknown"]), "disabledGap": gap(known, took["disabled"]),
			}, nil
		},
	}
}

// refusal is how long a refused login takes, in milliseconds.
func (f *figure) refusal(ctx context.Context, c *http.Client, name string) (float64, error) {
	body := []byte(fmt.Sprintf(`{"username":%q,"password":"not this one"}`, name))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+f.server.addr+"/login-token", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	begin := time.Now()
	res, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(res.Body)
	took := time.Since(begin)
	_ = res.Body.Close() // read to its end
	if err == nil && res.StatusCode != http.StatusUnauthorized {
		err = fmt.Errorf("%s: %s: %s", name, res.Status, text)
	}
	return micros(took) / 1e3, err
}

// gap is how far the means are apart, in percent of the first.
func gap(a, b []float64) float64 {
	return math.Abs(mean(b)-mean(a)) / mean(a) * 100
}

func mean(all []float64) float64 {
	sum := 0.0
	for _, x := range all {
		sum += x
	}
	return sum / float64(len(all))
}

// mannWhitney is the probability of samples at least as different as these when
// both come from one distribution (two-sided, normal approximation; times have no
// ties to speak of).
func mannWhitney(a, b []float64) float64 {
	type sample struct {
		x     float64
		first bool
	}
	var all []sample
	for _, x := range a {
		all = append(all, sample{x, true})
	}
	for _, x := range b {
		all = append(all, sample{x, false})
	}
	slices.SortFunc(all, func(p, q sample) int {
		switch {
		case p.x < q.x:
			return -1
		case p.x > q.x:
			return 1
		}
		return 0
	})
	ranks := 0.0
	for i, s := range all {
		if s.first {
			ranks += float64(i + 1)
		}
	}
	n, m := float64(len(a)), float64(len(b))
	u := ranks - n*(n+1)/2
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}
