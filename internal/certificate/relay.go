package certificate

import (
	"context"
	"log/slog"

	"go.uber.org/zap/zapcore"
)

// relay writes the log of the ACME library to our log, with its level info as our
// level debug.
type relay struct{ to slog.Handler }

// Enabled implements zapcore.LevelEnabler.
func (r relay) Enabled(level zapcore.Level) bool {
	return r.to.Enabled(context.Background(), levelOf(level))
}

// With implements zapcore.Core.
func (r relay) With(fields []zapcore.Field) zapcore.Core {
	return relay{r.to.WithAttrs(attributes(fields))}
}

// Check implements zapcore.Core.
func (r relay) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if r.Enabled(entry.Level) {
		return checked.AddCore(entry, r)
	}
	return checked
}

// Write implements zapcore.Core.
func (r relay) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	record := slog.NewRecord(entry.Time, levelOf(entry.Level), "acme: "+entry.Message, 0)
	record.AddAttrs(attributes(fields)...)
	return r.to.Handle(context.Background(), record)
}

// Sync implements zapcore.Core.
func (r relay) Sync() error { return nil }

func levelOf(level zapcore.Level) slog.Level {
	switch {
	case level >= zapcore.ErrorLevel:
		return slog.LevelError
	case level == zapcore.WarnLevel:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

func attributes(fields []zapcore.Field) []slog.Attr {
	values := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(values)
	}
	attrs := make([]slog.Attr, 0, len(values.Fields))
	for key, value := range values.Fields {
		attrs = append(attrs, slog.Any(key, value))
	}
	return attrs
}
