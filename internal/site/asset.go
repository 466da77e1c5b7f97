package site

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

	"github.com/turnike/turnike/internal/webhttp"
)

// asset is a file that the pages load, with its compressed forms.
type asset struct {
	contentType string
	cache       string
	codings     []string // of the compressed forms, best first
	forms       map[string]form
}

// form is an asset in one content coding.
type form struct {
	body []byte
	etag string // strong, of exactly these bytes (RFC 9110, section 8.8.3)
}

// forms are the content codings that the build writes, best first, with the endings of
// their files.
var forms = []struct{ coding, ending string }{{brotli, ".br"}, {gzipped, ".gz"}, {identity, ""}}

// loadAssets reads the assets of the built pages. It reads only what the binary
// contains [SEC-61]. A compressed form belongs to its asset and has no address.
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
		return nil, fmt.Errorf("site: assets: %w", err)
	}
	return assets, nil
}

func isForm(name string) bool {
	for _, k := range forms {
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
	for _, k := range forms {
		body, err := fs.ReadFile(files, name+k.ending)
		switch {
		case err != nil && k.coding == identity:
			return a, err
		case err != nil:
			continue // the build leaves out forms that are not smaller
		case k.coding != identity:
			a.codings = append(a.codings, k.coding)
		}
		sum := sha256.Sum256(body)
		a.forms[k.coding] = form{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`}
	}
	return a, nil
}

// hashed reports whether the name has a hash of the content in it. The few files that
// plain pages link by name have none.
func hashed(name string) bool {
	return name != "assets/turnike.css" && name != "assets/favicon.svg"
}

// asset is GET /assets/….
func (s *Site) asset(w http.ResponseWriter, r *http.Request) error {
	found, ok := s.pages.assets[strings.TrimPrefix(r.URL.Path, s.base+"/")]
	if !ok {
		return webhttp.ErrNotFound
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
		h.Set("Content-Length", strconv.Itoa(len(form.body))) // ServeContent sets none for encoded content
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(form.body))
	return nil
}

// favicon is GET /favicon.ico, the name that old browsers ask for.
func (s *Site) favicon(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, s.base+"/assets/favicon.svg", http.StatusFound)
	return nil
}
