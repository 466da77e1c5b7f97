package socketio

import (
	"bytes"
	"errors"
)

// Errors of the scanner. They never contain input.
var (
	errJSON  = errors.New("socketio: invalid JSON")
	errDepth = errors.New("socketio: JSON nested too deeply")
)

// maxDepth is the upper limit of Config.MaxDepth: the scanner keeps one bit for each
// level.
const maxDepth = 64

// scanner checks one JSON text (RFC 8259) in one pass, without recursion and
// without allocation: it runs in the reading goroutine, whose stack stays small.
type scanner struct {
	data  []byte
	pos   int
	limit int    // of depth
	depth int    // open arrays and objects
	kinds uint64 // bit i is set if level i is an object
	flat  bool   // placeholders do not count as a level
}

// value skips one value of any type.
func (s *scanner) value() error {
	base := s.depth
	for {
		if err := s.scalarOrOpen(); err != nil {
			return err
		}
		// After a value: close the arrays and objects that end here, or go to the next
		// value.
		for {
			if s.depth == base {
				return nil
			}
			more, err := s.after()
			if err != nil {
				return err
			}
			if more {
				break
			}
		}
	}
}

// scalarOrOpen skips a scalar or an empty array or object, or enters a non-empty one up
// to its first value.
func (s *scanner) scalarOrOpen() error {
	for {
		s.space()
		if s.pos == len(s.data) {
			return errJSON
		}
		switch c := s.data[s.pos]; c {
		case '{', '[':
			s.pos++
			s.space()
			if s.peek() == c+2 { // the codes of '}' and ']' are two above their opening
				if s.depth == s.limit {
					return errDepth
				}
				s.pos++
				return nil
			}
			if s.depth == s.limit && c == '{' && s.skipPlaceholder() {
				return nil
			}
			if err := s.down(c == '{'); err != nil {
				return err
			}
			if c == '{' {
				if err := s.key(); err != nil {
					return err
				}
			}
		case '"':
			return s.string()
		case 't':
			return s.literal("true")
		case 'f':
			return s.literal("false")
		case 'n':
			return s.literal("null")
		default:
			return s.number()
		}
	}
}

// skipPlaceholder skips a placeholder whose opening brace was just skipped, if
// placeholders do not count as a level.
func (s *scanner) skipPlaceholder() bool {
	start := bytes.LastIndexByte(s.data[:s.pos], '{')
	_, end, ok := placeholder(s.data, start)
	if !s.flat || !ok {
		return false
	}
	alone := scanner{data: s.data[:end], pos: start, limit: 1}
	if alone.value() != nil || alone.pos != end {
		return false
	}
	s.pos = end
	return true
}

// after skips the text after a value inside an array or object: a comma (more is true;
// the next key is skipped too) or the closing bracket.
func (s *scanner) after() (more bool, err error) {
	s.space()
	object := s.kinds&(1<<(s.depth-1)) != 0
	switch c := s.peek(); {
	case c == ',':
		s.pos++
		if object {
			return true, s.key()
		}
		return true, nil
	case object && c == '}', !object && c == ']':
		s.pos++
		s.depth--
		return false, nil
	}
	return false, errJSON
}

// down enters an array or object.
func (s *scanner) down(object bool) error {
	if s.depth == s.limit {
		return errDepth
	}
	s.kinds &^= 1 << s.depth
	if object {
		s.kinds |= 1 << s.depth
	}
	s.depth++
	return nil
}

// key skips a member's name and colon.
func (s *scanner) key() error {
	s.space()
	if s.peek() != '"' {
		return errJSON
	}
	if err := s.string(); err != nil {
		return err
	}
	s.space()
	if s.peek() != ':' {
		return errJSON
	}
	s.pos++
	return nil
}

// string skips a string. Its bytes are already known to be UTF-8.
func (s *scanner) string() error {
	for s.pos++; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c < ' ':
			return errJSON
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		}
	}
	return errJSON
}

// escape skips the backslash and all but the last byte of an escape.
func (s *scanner) escape() error {
	s.pos++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			s.pos++
			c := s.peek()
			if !digit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return errJSON
			}
		}
		return nil
	}
	return errJSON
}

// number skips a number.
func (s *scanner) number() error {
	if s.peek() == '-' {
		s.pos++
	}
	switch c := s.peek(); {
	case c == '0':
		s.pos++
	case digit(c):
		s.digits()
	default:
		return errJSON
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return errJSON
		}
	}
	if s.peek()|0x20 == 'e' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return errJSON
		}
	}
	return nil
}

// digits skips at least one digit.
func (s *scanner) digits() bool {
	start := s.pos
	for digit(s.peek()) {
		s.pos++
	}
	return s.pos > start
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// literal skips a word.
func (s *scanner) literal(word string) error {
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return errJSON
	}
	s.pos += len(word)
	return nil
}

// space skips white space.
func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, or zero at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// scanObject checks that data is one object and nothing else. White space before it is
// refused, because the reference decoder reads it as part of an id.
func scanObject(data []byte, limit int) error {
	s := scanner{data: data, limit: limit}
	if s.peek() != '{' {
		return errJSON
	}
	if err := s.value(); err != nil {
		return err
	}
	return s.end()
}

// end checks that no text follows.
func (s *scanner) end() error {
	s.space()
	if s.pos != len(s.data) {
		return errJSON
	}
	return nil
}

// scanArray checks that data is one array and nothing else, and calls take for each of
// its elements. Each element may be limit levels deep; the array itself does not count.
// If flat is set, placeholders do not count either. White space before the array is
// refused, see scanObject.
func scanArray(data []byte, limit int, flat bool, take func(element []byte)) error {
	s := scanner{data: data, limit: limit, flat: flat}
	if s.peek() != '[' {
		return errJSON
	}
	s.pos++
	s.space()
	if s.peek() == ']' {
		s.pos++
		return s.end()
	}
	for {
		s.space()
		start := s.pos
		if err := s.value(); err != nil {
			return err
		}
		take(data[start:s.pos])
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return s.end()
		default:
			return errJSON
		}
	}
}

// eachElement calls visit for each element of a checked array.
func eachElement(array []byte, visit func(element []byte)) {
	_ = scanArray(array, maxDepth, true, visit)
}

// eachMember calls visit for each member of a checked object until visit fails. Names
// are passed as JSON strings.
func eachMember(object []byte, visit func(name, value []byte) error) error {
	s := scanner{data: object, pos: 1, limit: maxDepth, flat: true}
	for s.space(); s.peek() == '"'; s.space() {
		start := s.pos
		if err := s.key(); err != nil {
			return err
		}
		name := bytes.TrimRight(object[start:s.pos-1], " \t\r\n")
		s.space()
		start = s.pos
		if err := s.value(); err != nil {
			return err
		}
		if err := visit(name, object[start:s.pos]); err != nil {
			return err
		}
		s.space()
		if s.peek() == ',' {
			s.pos++
		}
	}
	return nil
}
