package account

import (
	"errors"
	"strings"
	"testing"

	"github.com/turnike/turnike/internal/secret"
)

// TestForeignHashes: hashes that the frameworks themselves have made are checked
// as they are, and each right password asks for an argon2id hash.
func TestForeignHashes(t *testing.T) {
	h, err := NewHasher(HasherConfig{Pepper: secret.New("0123456789abcdef-pepper")})
	if err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{
		"werkzeug 2.2 pbkdf2":      "pbkdf2:sha256:260000$YJHaFy0pyQFb3PsQ$cbeecbaba96839c412069f71d19fcd63a955300c8d68af2e60a8c7328b5ef32e",
		"werkzeug 2.2 with sha512": "pbkdf2:sha512:1000$eVPxEtrKhOGunKM4$88b4588a24e71e142b865b2bb8c4124974d00712372431f32e819cf238282dc1bc4b0a492bad5b10916d0f8ae07b313b5bd914604bfacf45bda32ecc541802ec",
		"werkzeug 3 scrypt":        "scrypt:32768:8:1$Zc8KqpLwVt5nB1xR$c33a5f781ef623d194785413cf89984dd507a1481aa5a8277f2ccbf09e357b0600e585bed850c0bde824174be99c788085a9f7858f0fb898a4ea2c9dadcee6bd",
		"django 3.2 pbkdf2":        "pbkdf2_sha256$260000$VnNleY277rgThkztd3HAuM$x2RSvOZIhsM3afd/WjpkSqQAZ86KTbsLgObv+Fq4sog=",
		"django 3.2 argon2":        "argon2$argon2id$v=19$m=102400,t=2,p=8$VnpEN05aRElQb09mY2w0NlFRZmZMVQ$JnJhuq0Wbjt7Lwpz6B4FYg",
	} {
		if err := h.Check(hash); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		ok, rehash, err := h.Verify(t.Context(), hash, "doğru parola 2026")
		if !ok || !rehash || err != nil {
			t.Errorf("%s: the right password: %v, rehash %v, %v", name, ok, rehash, err)
		}
		if ok, _, err := h.Verify(t.Context(), hash, "doğru parola 2027"); ok || err != nil {
			t.Errorf("%s: a wrong password: %v, %v", name, ok, err)
		}
	}
}

// TestSEC02_ForeignHashes: what is broken, or would cost too much to check, is
// refused when it is imported.
func TestSEC02_ForeignHashes(t *testing.T) {
	h, err := NewHasher(HasherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Repeat("ab", 32)
	for _, hash := range []string{
		"pbkdf2:sha256:4000001$salt$" + key, "pbkdf2:sha256:0$salt$" + key, "pbkdf2:sha256:-1$salt$" + key, "pbkdf2:sha256$salt$" + key,
		"pbkdf2:sha1:1000$salt$" + key, "pbkdf2:md5:1000$salt$" + key, "pbkdf2:sha256:1000$$" + key, "pbkdf2:sha256:1000$salt$abcd",
		"pbkdf2:sha256:1000$salt$" + key + "zz", "pbkdf2:sha256:1000$" + strings.Repeat("s", 129) + "$" + key, "pbkdf2:sha256:1000$salt",
		"scrypt:32767:8:1$salt$" + key, "scrypt:1:8:1$salt$" + key, "scrypt:2097152:8:1$salt$" + key, "scrypt:131072:8:5$salt$" + key,
		"scrypt:4294967296:4294967296:1$salt$" + key, "scrypt:16384:0:1$salt$" + key, "scrypt:16384:8$salt$" + key, "scrypt:$salt$" + key,
		"pbkdf2_sha256$4000001$salt$" + strings.Repeat("A", 43) + "=", "pbkdf2_sha256$1000$salt$???", "pbkdf2_sha256$1000$salt", "pbkdf2_sha256$",
		"argon2$argon2i$v=19$m=102400,t=2,p=8$VnpEN05aRElQb09mY2w0NlFRZmZMVQ$JnJhuq0Wbjt7Lwpz6B4FYg", "argon2$argon2$argon2id$v=19", "argon2$",
		"argon2$argon2id$v=19$m=1048576,t=2,p=8$VnpEN05aRElQb09mY2w0NlFRZmZMVQ$JnJhuq0Wbjt7Lwpz6B4FYg",
		"sha256$salt$" + key, "bcrypt_sha256$$2b$12$abc", "md5$salt$abc", "!",
	} {
		if err := h.Check(hash); !errors.Is(err, ErrHash) {
			t.Errorf("%.60s: %v", hash, err)
		}
	}
}
