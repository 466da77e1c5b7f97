package webhttp

import "testing"

// TestMembers checks that a repeated or misspelled member is refused and never ignored.
func TestMembers(t *testing.T) {
	known := Members{"username": nil, "password": nil, "takeover": {"ticket": nil, "session": nil}}
	for text, want := range map[string]bool{
		`{"username":"a","password":"b"}`:                       true,
		` {"password":"b", "username":"a"} `:                    true,
		`{"us\u0065rname":"a"}`:                                 true,
		`{"takeover":{"ticket":"x","session":"y"}}`:             true,
		`{"takeover":null}`:                                     true,
		`{"username":{"any":"thing"}}`:                          true, // json.Unmarshal refuses its type
		`{}`:                                                    true,
		`{"username":"a","username":"b"}`:                       false,
		`{"username":"a","us\u0065rname":"b"}`:                  false,
		`{"Username":"a"}`:                                      false,
		`{"username":"a","PASSWORD":"b"}`:                       false,
		`{"username":"a","pasword":"b"}`:                        false,
		`{"username":"a","":1}`:                                 false,
		`{"username":"a","remember":true}`:                      false,
		`{"takeOver":{"ticket":"x"}}`:                           false,
		`{"takeover":{"Ticket":"x"}}`:                           false,
		`{"takeover":{"ticket":"x","ticket":"y"}}`:              false,
		`{"takeover":{"ticket":"x"},"takeover":{"ticket":"x"}}`: false,
		`{"takeover":{"ticket":"x","username":"a"}}`:            false,
		`{"takeover":[]}`:                                       false,
		`{"takeover":"x"}`:                                      false,
		`[]`:                                                    false,
		`null`:                                                  false,
		`"username"`:                                            false,
		``:                                                      false,
		`{`:                                                     false,
		`{"username":"a"`:                                       false,
		`{"username":"a"}x`:                                     false,
		`{"username":"a"}{}`:                                    false,
		`{"username":"a",}`:                                     false,
	} {
		if err := known.check([]byte(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}
