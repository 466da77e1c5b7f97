package metrics

import (
	"net/http"
	"net/http/pprof"
)

// Routes returns the handler of the metrics listener: the figures and, with
// debug, the profiles of the process. No other listener serves profiles [SEC-64].
func Routes(figures http.Handler, debug bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", figures)
	if debug {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}
