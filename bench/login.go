package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// loginMode is whether the time of a refused login tells which accounts exist
// [SEC-05]: wrong passwords of a known account beside unknown and disabled ones,
// in turn.
func loginMode() mode {
	return mode{
		name: "login", once: true, section: "Does the time of a refusal reveal which accounts exist?",
		notFor: []string{"floor", "flask", "node"},
		metrics: []metric{
			{key: "loginMs", title: "ms of a refused login, median", digits: 1},
			{key: "unknownP", title: "unknown account: p (Mann-Whitney)", target: "> 0.01", digits: 3},
			{key: "unknownGap", title: "unknown account: difference of the means, %", target: "< 5", digits: 2, zero: true},
			{key: "disabledP", title: "disabled account: p", target: "> 0.01", digits: 3},
			{key: "disabledGap", title: "disabled account: difference of the means, %", target: "< 5", digits: 2, zero: true},
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
			took, err := f.refusals(ctx, client)
			if err != nil {
				return nil, err
			}
			known, unknown, disabled := took[0], took[1], took[2]
			return values{
				"loginMs":  summarise(known).median,
				"unknownP": mannWhitney(known, unknown), "unknownGap": gap(known, unknown),
				"disabledP": mannWhitney(known, disabled), "disabledGap": gap(known, disabled),
			}, nil
		},
	}
}

// loginKinds are the names that passwords are tried for.
var loginKinds = [...]string{"known", "unknown", "disabled"}

// loginKind is whose turn it is at a place of a row: each comes once in a row,
// and at every place equally often, so that no place is better than another.
func loginKind(row, place int) int { return (row + place) % len(loginKinds) }

// refusals are the times of refused logins, in milliseconds, by kind.
func (f *figure) refusals(ctx context.Context, c *http.Client) (took [len(loginKinds)][]float64, err error) {
	if _, err := f.refusal(ctx, c, "unknown"); err != nil { // opens the connection
		return took, err
	}
	for row := range f.sizes.logins {
		for place := range loginKinds {
			kind := loginKind(row, place)
			ms, err := f.refusal(ctx, c, loginKinds[kind])
			if err != nil {
				return took, err
			}
			took[kind] = append(took[kind], ms)
		}
	}
	return took, nil
}

// refusal is how long a refused login takes, in milliseconds.
func (f *figure) refusal(ctx context.Context, c *http.Client, name string) (float64, error) {
	begin := time.Now()
	status, text, err := post(ctx, c, "https://"+f.server.addr+"/login-token", name, "not this one")
	took := time.Since(begin)
	if err == nil && status != http.StatusUnauthorized {
		err = fmt.Errorf("%s: %d: %s", name, status, text)
	}
	return micros(took) / 1e3, err
}
