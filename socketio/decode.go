package socketio

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Decode decodes the argument into the value that v points to, as [json.Unmarshal] does.
// Attachments, anywhere in the argument, are decoded into a []byte, a [Binary], an [Arg]
// or an any (as a Binary); any other type, including string, is an error. A type with
// its own UnmarshalJSON receives base64. If there is no argument, v is decoded from
// null.
func (a Arg) Decode(v any) error {
	if a.parts == nil {
		return json.Unmarshal(a.JSON(), v)
	}
	dst := reflect.ValueOf(v)
	if dst.Kind() != reflect.Pointer || dst.IsNil() {
		return &json.InvalidUnmarshalError{Type: reflect.TypeOf(v)}
	}
	return a.into(dst.Elem(), a.text)
}

var (
	argType         = reflect.TypeFor[Arg]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
)

// into decodes text, a part of the argument, into dst. It handles only values with
// attachments itself; encoding/json decodes the rest.
func (a Arg) into(dst reflect.Value, text []byte) error {
	if !hasPlaceholder(text) {
		return json.Unmarshal(text, dst.Addr().Interface())
	}
	switch {
	case dst.Type() == argType:
		dst.Set(reflect.ValueOf(Arg{text: text, parts: a.parts}))
		return nil
	case dst.Type() != binaryType && dst.Addr().Type().Implements(unmarshalerType):
		return json.Unmarshal(fillPlaceholders(text, a.parts), dst.Addr().Interface())
	case dst.Kind() == reflect.Pointer:
		if dst.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		return a.into(dst.Elem(), text)
	}
	if num, _, ok := placeholder(text, 0); ok {
		return attach(dst, a.parts[num])
	}
	if text[0] == '[' {
		return a.intoList(dst, text)
	}
	return a.intoObject(dst, text)
}

// attach stores an attachment.
func attach(dst reflect.Value, data []byte) error {
	switch {
	case dst.Kind() == reflect.Slice && dst.Type().Elem().Kind() == reflect.Uint8:
		dst.SetBytes(data)
	case dst.Kind() == reflect.Interface && dst.NumMethod() == 0:
		dst.Set(reflect.ValueOf(Binary(data)))
	default:
		return &json.UnmarshalTypeError{Value: "attachment", Type: dst.Type()}
	}
	return nil
}

// intoList decodes an array with attachments.
func (a Arg) intoList(dst reflect.Value, text []byte) error {
	var list [][]byte
	eachElement(text, func(element []byte) { list = append(list, element) })
	switch {
	case dst.Kind() == reflect.Interface && dst.NumMethod() == 0:
		all := make([]any, len(list))
		dst.Set(reflect.ValueOf(all)) // dst shares the elements
		dst = reflect.ValueOf(all)
	case dst.Kind() == reflect.Slice:
		dst.Set(reflect.MakeSlice(dst.Type(), len(list), len(list)))
	case dst.Kind() == reflect.Array:
		dst.SetZero()
		list = list[:min(len(list), dst.Len())]
	default:
		return &json.UnmarshalTypeError{Value: "array", Type: dst.Type()}
	}
	for i, element := range list {
		if err := a.into(dst.Index(i), element); err != nil {
			return err
		}
	}
	return nil
}

// intoObject decodes an object with attachments.
func (a Arg) intoObject(dst reflect.Value, text []byte) error {
	switch {
	case dst.Kind() == reflect.Interface && dst.NumMethod() == 0:
		all := make(map[string]any)
		if err := a.intoMap(reflect.ValueOf(all), text); err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(all))
		return nil
	case dst.Kind() == reflect.Map:
		if dst.IsNil() {
			dst.Set(reflect.MakeMap(dst.Type()))
		}
		return a.intoMap(dst, text)
	case dst.Kind() == reflect.Struct:
		return a.intoStruct(dst, text)
	}
	return &json.UnmarshalTypeError{Value: "object", Type: dst.Type()}
}

// intoMap decodes an object into a map; encoding/json decodes the keys.
func (a Arg) intoMap(dst reflect.Value, text []byte) error {
	t := dst.Type()
	return eachMember(text, func(name, value []byte) error {
		keys := reflect.New(reflect.MapOf(t.Key(), reflect.TypeFor[struct{}]()))
		if err := json.Unmarshal(join("{", name, ":{}}"), keys.Interface()); err != nil {
			return err
		}
		element := reflect.New(t.Elem()).Elem()
		if err := a.into(element, value); err != nil {
			return err
		}
		dst.SetMapIndex(keys.Elem().MapKeys()[0], element)
		return nil
	})
}

// intoStruct decodes an object into a struct. A member without attachments is decoded by
// encoding/json together with its name, so that the rules of its tag apply.
func (a Arg) intoStruct(dst reflect.Value, text []byte) error {
	return eachMember(text, func(name, value []byte) error {
		if !hasPlaceholder(value) {
			return json.Unmarshal(join("{", name, ":", value, "}"), dst.Addr().Interface())
		}
		var key string
		if err := json.Unmarshal(name, &key); err != nil {
			return err
		}
		index := fieldNamed(dst.Type(), key)
		if index == nil {
			return nil
		}
		field, ok := fieldAt(dst, index)
		if !ok {
			return nil
		}
		return a.into(field, value)
	})
}

// fieldNamed returns the field that encoding/json would decode a member into: an exact
// match of the name, otherwise a case-insensitive one. It returns nil if there is none.
func fieldNamed(t reflect.Type, key string) (index []int) {
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if !f.IsExported() || tag == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if name == key {
			return f.Index
		}
		if index == nil && strings.EqualFold(name, key) {
			index = f.Index
		}
	}
	return index
}

// fieldAt returns the field at a path and allocates embedded structs on the way. It
// returns false if it cannot, because a struct's type is not exported.
func fieldAt(v reflect.Value, index []int) (reflect.Value, bool) {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, false
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

// join concatenates pieces of JSON.
func join(parts ...any) (all []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			all = append(all, p...)
		case []byte:
			all = append(all, p...)
		}
	}
	return all
}
