package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// asset is a file that the pages load, in the forms that it is kept in.
type asset struct {
	contentType string
	cache       string
	codings     []string // best first, without identity
	forms       map[string]form
}

// form is an asset in one content coding.
type form struct {
	body []byte
	etag string // strong, of these very bytes (RFC 9110, section 8.8.3)
}

// kept are the forms that a file may stand in, best first, and their endings.
var kept = []struct{ coding, ending string }{{brotli, ".br"}, {gzipped, ".gz"}, {identity, ""}}

// loadAssets reads the assets of the built pages, out of the binary and from
// nowhere else [SEC-61]. Compressed forms are no files of their own.
func loadAssets(files fs.FS) (map[string]asset, error) {
	assets := make(map[string]asset)
	err := fs.WalkDir(files, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || isForm(name) {
			return err
		}
		a, err := loadAsset(files, name)
		assets[name] = a
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("api: assets: %w", err)
	}
	return assets, nil
}

func isForm(name string) bool {
	for _, k := range kept {
		if k.ending != "" && strings.HasSuffix(name, k.ending) {
			return true
		}
	}
	return false
}

func loadAsset(files fs.FS, name string) (asset, error) {
	a := asset{contentType: mime.TypeByExtension(path.Ext(name)), cache: "no-cache", forms: make(map[string]form)}
	if a.contentType == "" {
		a.contentType = "application/octet-stream"
	}
	if hashed(name) {
		a.cache = "public, max-age=31536000, immutable"
	}
	for _, k := range kept {
		body, err := fs.ReadFile(files, name+k.ending)
		switch {
		case err != nil && k.coding == identity:
			return a, err
		case err != nil:
			continue // it would not be smaller
		case k.coding != identity:
			a.codings = append(a.codings, k.coding)
		}
		sum := sha256.Sum256(body)
		a.forms[k.coding] = form{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`}
	}
	return a, nil
}

// hashed tells the names that carry a hash of their content from the few that
// plain pages link by name.
func hashed(name string) bool {
	return name != "assets/turnike.css" && name != "assets/favicon.svg"
}

// asset is GET /assets/…
func (a *API) asset(w http.ResponseWriter, r *http.Request) error {
	found, ok := a.pages.assets[strings.TrimPrefix(r.URL.Path, a.base+"/")]
	if !ok {
		return ErrNotFound
	}
	coding := acceptedCoding(r, found.codings)
	form := found.forms[coding]
	h := w.Header()
	h.Set("Content-Type", found.contentType)
	h.Set("Cache-Control", found.cache)
	h.Set("ETag", form.etag)
	if len(found.codings) > 0 {
		h.Add("Vary", "Accept-Encoding")
	}
	if coding != identity {
		h.Set("Content-Encoding", coding)
		h.Set("Content-Length", strconv.Itoa(len(form.body))) // ServeContent leaves that to who encodes
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(form.body))
	return nil
}

// favicon sends browsers that ask for the old name to the real one.
func (a *API) favicon(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, a.base+"/assets/favicon.svg", http.StatusFound)
	return nil
}
