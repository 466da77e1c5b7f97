package webhttp

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/turnike/turnike/internal/input"
	"github.com/turnike/turnike/internal/wire"
)

// ReadJSON reads the body of a request into v. The body must be one JSON object in
// UTF-8 of at most limit bytes, with none but the known members. The error is a
// *Problem.
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64, known input.Members, v any) error {
	mt, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mt != "application/json" || (params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8")) {
		return ErrMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return ErrTooLarge
	case err != nil || !utf8.Valid(body) || known.Check(body) != nil || json.Unmarshal(body, v) != nil:
		return ErrBadRequest
	}
	return nil
}

// WriteJSON writes v without escaping characters that only HTML needs escaped.
func WriteJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body := encodeJSON(v)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

func encodeJSON(v any) []byte { return append(wire.JSON(v), '\n') }

// seconds rounds up, so that a client that waits that long does not come too early.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
