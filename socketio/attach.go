package socketio

import (
	"bytes"
	"crypto/rand"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// Arguments may contain attachments at any depth, in maps, slices and structs, and
// encoding/json decides how a struct becomes JSON. So the parts of a value that contain
// attachments are copied. In the copy each attachment is replaced by a stamp, a few
// bytes that are unique in the process. In the JSON each stamp is then replaced by its
// placeholder.

// stamper collects the attachments of one value.
type stamper struct {
	found []reflect.Value // []byte, Binary or Arg, by the number in their stamp
}

// stampLen is the length of a stamp: a prefix, whose length is a multiple of three so
// that its base64 is self-contained, and a number.
const stampLen = stampPrefixLen + 3

const stampPrefixLen = 18

// stampPrefix is random and known only to this process.
var stampPrefix = sync.OnceValue(func() []byte {
	b := make([]byte, stampPrefixLen)
	_, _ = rand.Read(b) // never fails
	return b
})

// stamp stores an attachment and returns the stamp that replaces it.
func (st *stamper) stamp(v reflect.Value) []byte {
	n := len(st.found)
	st.found = append(st.found, v)
	return append(bytes.Clone(stampPrefix()), byte(n>>16), byte(n>>8), byte(n))
}

var (
	binaryType    = reflect.TypeFor[Binary]()
	marshalerType = reflect.TypeFor[json.Marshaler]()
	texterType    = reflect.TypeFor[encoding.TextMarshaler]()
)

// maxStampDepth is the depth at which a value counts as cyclic; encoding/json then
// reports the cycle.
const maxStampDepth = 1000

// copy returns a copy of a value with stamps for its attachments. It returns false if
// the value has none; the caller then uses v itself.
func (st *stamper) copy(v reflect.Value, depth int) (reflect.Value, bool) {
	t := v.Type()
	if depth > maxStampDepth || !mayHold(t) {
		return v, false
	}
	switch {
	case t == argType:
		if v.Interface().(Arg).parts == nil {
			return v, false
		}
		text := `"` + base64.StdEncoding.EncodeToString(st.stamp(v)) + `"`
		return reflect.ValueOf(Arg{text: json.RawMessage(text)}), true
	case isBytes(t):
		if v.IsNil() {
			return v, false
		}
		return reflect.ValueOf(st.stamp(v)).Convert(t), true
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return st.copyElem(v, depth)
	case reflect.Slice, reflect.Array:
		return st.copyList(v, depth)
	case reflect.Map:
		return st.copyMap(v, depth)
	case reflect.Struct:
		return st.copyStruct(v, depth)
	}
	return v, false
}

// copyElem copies the value in an interface or pointer.
func (st *stamper) copyElem(v reflect.Value, depth int) (reflect.Value, bool) {
	if v.IsNil() {
		return v, false
	}
	elem, changed := st.copy(v.Elem(), depth+1)
	if !changed {
		return v, false
	}
	out := reflect.New(elem.Type())
	out.Elem().Set(elem)
	if v.Kind() == reflect.Interface {
		return out.Elem(), true
	}
	return out, true
}

// copyList copies a slice or an array.
func (st *stamper) copyList(v reflect.Value, depth int) (reflect.Value, bool) {
	out, changed := v, false
	for i := range v.Len() {
		elem, ok := st.copy(v.Index(i), depth+1)
		if !ok {
			continue
		}
		if !changed {
			changed = true
			out = reflect.New(v.Type()).Elem()
			if v.Kind() == reflect.Slice {
				out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			}
			reflect.Copy(out, v)
		}
		out.Index(i).Set(elem)
	}
	return out, changed
}

// copyMap copies a map.
func (st *stamper) copyMap(v reflect.Value, depth int) (reflect.Value, bool) {
	out, changed := v, false
	for it := v.MapRange(); it.Next(); {
		elem, ok := st.copy(it.Value(), depth+1)
		if !ok {
			continue
		}
		if !changed {
			changed = true
			out = reflect.MakeMapWithSize(v.Type(), v.Len())
			for all := v.MapRange(); all.Next(); {
				out.SetMapIndex(all.Key(), all.Value())
			}
		}
		out.SetMapIndex(it.Key(), elem)
	}
	return out, changed
}

// copyStruct copies a struct: its exported fields, including those of embedded structs.
// It skips fields that their tag omits.
func (st *stamper) copyStruct(v reflect.Value, depth int) (reflect.Value, bool) {
	out, changed := v, false
	st.copyFields(v, nil, depth, func(index []int, field reflect.Value) {
		if !changed {
			changed = true
			out = reflect.New(v.Type()).Elem()
			out.Set(v)
		}
		out.FieldByIndex(index).Set(field)
	})
	return out, changed
}

// copyFields calls set for each field that changes. index is the path of the struct.
func (st *stamper) copyFields(v reflect.Value, index []int, depth int, set func(index []int, field reflect.Value)) {
	for i := range v.NumField() {
		f, value := v.Type().Field(i), v.Field(i)
		tag := f.Tag.Get("json")
		_, options, _ := strings.Cut(tag, ",")
		at := with(index, i)
		switch {
		case tag == "-":
		case strings.Contains(options, "omitempty") && value.Kind() == reflect.Slice && value.Len() == 0:
		case !f.IsExported() && f.Anonymous && value.Kind() == reflect.Struct:
			st.copyFields(value, at, depth, set) // its exported fields are promoted
		case f.IsExported():
			if field, ok := st.copy(value, depth+1); ok {
				set(at, field)
			}
		}
	}
}

// isBytes reports whether encoding/json writes values of a type as base64.
func isBytes(t reflect.Type) bool {
	return t == binaryType || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !speaksForItself(t) && !speaksForItself(t.Elem())
}

// speaksForItself reports whether a type has its own method to encode JSON.
func speaksForItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshalerType) || p.Implements(texterType)
}

// held caches the results of mayHold by type.
var held sync.Map

// mayHold reports whether a value of the type can contain an attachment.
func mayHold(t reflect.Type) bool {
	if known, ok := held.Load(t); ok {
		return known.(bool)
	}
	may := findBytes(t, make(map[reflect.Type]bool))
	held.Store(t, may)
	return may
}

// findBytes implements mayHold; seen holds the types being examined.
func findBytes(t reflect.Type, seen map[reflect.Type]bool) bool {
	switch {
	case seen[t]:
		return false
	case isBytes(t) || t == argType || t.Kind() == reflect.Interface && !t.Implements(marshalerType):
		return true
	case speaksForItself(t):
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return findBytes(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); (f.IsExported() || f.Anonymous) && findBytes(f.Type, seen) {
				return true
			}
		}
	}
	return false
}
