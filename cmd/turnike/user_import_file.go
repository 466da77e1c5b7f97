package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/turnike/turnike/internal/input"
)

// maxImportLine is the greatest length of a line in bytes.
const maxImportLine = 1 << 20

// byteOrderMark is written by some editors before the first character.
const byteOrderMark = "\ufeff"

// readImport reads a file in the given format. "auto" decides by the first character:
// JSON Lines begin with {.
func readImport(r io.Reader, format string, check *importCheck) error {
	in := bufio.NewReader(r)
	begin, _ := in.Peek(512) // less at the end of the file
	if bytes.HasPrefix(begin, []byte("\xff\xfe")) || bytes.HasPrefix(begin, []byte("\xfe\xff")) {
		return errors.New("the file is UTF-16; save it as UTF-8")
	}
	if bytes.HasPrefix(begin, []byte(byteOrderMark)) {
		_, _ = in.Discard(len(byteOrderMark)) // it has just been read
		begin = begin[len(byteOrderMark):]
	}
	if format == "auto" {
		format = "jsonl"
		if begin = bytes.TrimSpace(begin); len(begin) > 0 && begin[0] != '{' && begin[0] != '[' {
			format = "csv"
		}
	}
	if format == "csv" {
		return readCSV(in, check)
	}
	return readJSONLines(in, check)
}

// readJSONLines reads one JSON object per line. It skips empty lines.
func readJSONLines(r io.Reader, check *importCheck) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxImportLine)
	number := 0
	for scanner.Scan() {
		number++
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		where := fmt.Sprintf("line %d", number)
		row, err := parseImportLine(scanner.Bytes())
		if err != nil {
			check.refuse(where, err)
			continue
		}
		row.where = where
		if err := check.add(row); err != nil {
			return err
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		check.refuse(fmt.Sprintf("line %d", number+1), fmt.Errorf("it has more than %d bytes", maxImportLine))
	} else if err != nil {
		return err
	}
	return nil
}

func parseImportLine(line []byte) (importRow, error) {
	var in struct {
		Username string  `json:"username"`
		Password *string `json:"password"`
		Hash     *string `json:"password_hash"`
		Role     string  `json:"role"`
		Pool     string  `json:"pool"`
	}
	if !utf8.Valid(line) {
		return importRow{}, errors.New("it is not UTF-8")
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return importRow{}, explainJSON(err)
	}
	members := input.Members{"username": nil, "password": nil, "password_hash": nil, "role": nil, "pool": nil}
	if err := members.Check(line); err != nil {
		return importRow{}, fmt.Errorf("%w; %w, each once and in lower case", err, errColumn)
	}
	return importRow{username: in.Username, password: in.Password, hash: in.Hash, role: in.Role, pool: in.Pool}, nil
}

// explainJSON says what is wrong with a line without showing any of it.
func explainJSON(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return fmt.Errorf("it is not a JSON object but %s", wrong.Value)
		}
		return fmt.Errorf("%s is %s, not a string", wrong.Field, wrong.Value)
	}
	return errors.New("it is not one whole JSON object")
}

// readCSV reads a header with the names of the columns and one row per account
// (RFC 4180, with comma, semicolon or tab). An empty field counts as absent.
func readCSV(in *bufio.Reader, check *importCheck) error {
	begin, _ := in.Peek(in.Size())
	header, _, _ := strings.Cut(string(begin), "\n")
	bounded := &boundedReader{from: in}
	r := csv.NewReader(bounded)
	for _, comma := range ";\t" {
		if !strings.Contains(header, ",") && strings.ContainsRune(header, comma) {
			r.Comma = comma
		}
	}
	columns, err := r.Read()
	if err != nil {
		check.refuse("line 1", explainCSV(err))
		return nil
	}
	for i := range columns {
		columns[i] = strings.ToLower(strings.TrimSpace(columns[i]))
		if err := new(importRow).set(columns[i], nil); err != nil {
			// Its text is not shown: without a header it may be a password.
			check.refuse("line 1", fmt.Errorf("column %d of the header is unknown: %w; is the header line missing?", i+1, err))
		} else if slices.Index(columns, columns[i]) < i {
			check.refuse("line 1", fmt.Errorf("column %s is there twice", columns[i]))
		}
	}
	if len(check.wrong) > 0 {
		return nil
	}
	last := "line 1"
	for {
		bounded.start()
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if errors.Is(err, errLongRow) {
			check.refuse("the row after "+last, err)
			return nil
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			check.refuse(fmt.Sprintf("line %d", parse.StartLine), explainCSV(err))
			if errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			return nil // the rows that follow cannot be separated
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		last = fmt.Sprintf("line %d", line)
		row := importRow{where: last}
		for i, field := range record {
			if field == "" {
				continue
			}
			if !utf8.ValidString(field) {
				check.refuse(row.where, errors.New("it is not UTF-8"))
				continue
			}
			if err := row.set(columns[i], &field); err != nil {
				return err
			}
		}
		if err := check.add(row); err != nil {
			return err
		}
	}
}

// explainCSV says what is wrong with a row without showing any of it.
func explainCSV(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("there is no header; write username,password_hash or such")
	case errors.Is(err, csv.ErrFieldCount):
		return errors.New("it has another number of fields than the header")
	}
	return errors.New("it is not CSV: a quote is missing or misplaced")
}

// errLongRow is returned for a row that never ends, as after a missing quote.
var errLongRow = fmt.Errorf("it has more than %d bytes; a quote may be missing", maxImportLine)

// boundedReader bounds what is read for one row, so that a missing quote does not
// read the rest of the file into memory.
type boundedReader struct {
	from io.Reader
	read int // since start
}

// start begins a new row.
func (b *boundedReader) start() { b.read = 0 }

// Read implements io.Reader.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.read > maxImportLine {
		return 0, errLongRow
	}
	n, err := b.from.Read(p)
	b.read += n
	return n, err
}
