package web

// MessageKey returns the key of the sentence that explains a code of the
// contract to the person it happened to. ended tells the code of a session or
// connection that is over from the same code as a refusal: rate_limited is
// "tabs keep replacing each other" when a connection ended with it and "too
// many attempts" when a request was refused. A code without a text is false;
// err.unknown is for those.
func MessageKey(code string, ended bool) (string, bool) {
	if ended {
		switch code {
		case "connection_replaced":
			return "end.replaced.tab.b", true
		case "rate_limited":
			return "end.tabs.b", true
		case "seat_limit":
			return "queue.missed", true
		}
	}
	switch code {
	case "seat_limit":
		return "full.b.session", true
	case "server_draining":
		return "drain.b", true
	case "slow_consumer":
		return "slow.b", true
	}
	for _, key := range []string{"end." + code + ".b", "err." + code + ".b", "err." + code, code + ".b"} {
		if _, ok := Text(Languages()[0], key); ok {
			return key, true
		}
	}
	return "", false
}
