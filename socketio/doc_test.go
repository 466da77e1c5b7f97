package socketio

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The package's documentation begins with a complete server, which compiles.
func TestDocumentationBeginsWithAServer(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	code := firstCode(t, file)
	for _, want := range []string{"package main", "ListenAndServe", "OnConnect", "Decode", "Reply"} {
		if !strings.Contains(code, want) {
			t.Errorf("it has no %s", want)
		}
	}
	name := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(name, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", name).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// firstCode returns the code of a package comment's first two blocks.
func firstCode(t *testing.T, file *ast.File) string {
	t.Helper()
	for _, block := range new(comment.Parser).Parse(file.Doc.Text()).Content[:2] {
		if code, ok := block.(*comment.Code); ok {
			return code.Text
		}
	}
	t.Fatal("there is no code before the second paragraph")
	return ""
}
