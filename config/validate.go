package config

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// Validate checks the ranges of a Config that was not read from a file. The
// error, if any, is [Faults].
func (c Config) Validate() error {
	if faults := check(c, reader{file: "configuration"}); len(faults) > 0 {
		return faults
	}
	return nil
}

var rules = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string { return f.Tag.Get("yaml") })
	for name, ok := range map[string]func(string) bool{"origin": isOrigin, "urlprefix": isURLPrefix} {
		err := v.RegisterValidation(name, func(fl validator.FieldLevel) bool { return ok(fl.Field().String()) })
		if err != nil {
			panic(err) // a name that is no legal tag: a mistake in this line
		}
	}
	v.RegisterStructValidation(pendingHoldsAFrame, Config{})
	return v
})

// pendingHoldsAFrame: a message larger than what may wait for the disk could
// never be taken.
func pendingHoldsAFrame(sl validator.StructLevel) {
	c := sl.Current().Interface().(Config)
	if c.Snapshots.MaxPendingBytes < c.Limits.FrameBytes {
		sl.ReportError(c.Snapshots.MaxPendingBytes, "snapshots.max_pending_bytes", "MaxPendingBytes", "frame", "")
	}
}

func check(c Config, r reader) Faults {
	err := rules().Struct(c)
	if err == nil {
		return nil
	}
	wrong, ok := errors.AsType[validator.ValidationErrors](err)
	if !ok {
		return Faults{{File: r.file, Problem: err.Error()}}
	}
	var out Faults
	for _, w := range wrong {
		_, key, _ := strings.Cut(w.Namespace(), ".") // without "Config."
		out = append(out, Fault{File: r.file, Line: r.lines[key], Key: key, Problem: problem(w)})
	}
	return out
}

func problem(w validator.FieldError) string {
	switch w.Tag() {
	case "min":
		return fmt.Sprintf("%v is too small, the least is %s", w.Value(), w.Param())
	case "max":
		return fmt.Sprintf("%v is too large, the most is %s", w.Value(), w.Param())
	case "oneof":
		return fmt.Sprintf("%q is not one of %s", w.Value(), strings.ReplaceAll(w.Param(), " ", ", "))
	case "gtefield":
		return fmt.Sprintf("%v is less than %s", w.Value(), yamlName(w.Param()))
	case "frame":
		return fmt.Sprintf("%v is less than limits.frame_bytes: the largest message could never be taken", w.Value())
	case "required_if":
		return "is needed with " + strings.ToLower(strings.Replace(w.Param(), " ", ": ", 1))
	case "origin":
		return fmt.Sprintf(`%q is not an origin such as https://town.example, https://*.town.example:8443 or *`, w.Value())
	case "urlprefix":
		return fmt.Sprintf("%q must begin with / and hold no spaces, ? or #", w.Value())
	case "http_url":
		return fmt.Sprintf("%q is not an http or https URL", w.Value())
	case "ip|cidr":
		return fmt.Sprintf("%q is not an address such as 10.0.0.5 or a network such as 10.0.0.0/8", w.Value())
	case "ip|hostname_rfc1123":
		return fmt.Sprintf("%q is not an address or host name", w.Value())
	}
	return fmt.Sprintf("%v is not valid (%s)", w.Value(), w.Tag())
}

// yamlName returns the key of a field of Limits, the one section whose fields
// refer to each other.
func yamlName(field string) string {
	if f, ok := reflect.TypeFor[Limits]().FieldByName(field); ok {
		return f.Tag.Get("yaml")
	}
	return field
}

func isOrigin(s string) bool {
	if s == "*" {
		return true
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	host := strings.TrimPrefix(u.Hostname(), "*.")
	return host != "" && !strings.ContainsAny(host, "*, ") &&
		u.User == nil && u.Path == "" && u.RawQuery == "" && u.Fragment == ""
}

func isURLPrefix(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.ContainsAny(s, " ?#\t")
}
