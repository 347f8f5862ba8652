// Package config reads realtime.yml.
//
// # Guarantees
//
//   - A missing file means the defaults. A file that exists is read strictly:
//     an unknown or repeated key, a value of the wrong kind or out of range is
//     an error, never a guess. All faults of a file are reported at once, each
//     with file, line and the path of the key ([Faults]).
//   - Every key has one row in one table: the struct field carries name and
//     range, [Default] its default, and fields.go unit and effect. The
//     commented template and the reference page are made from it, and a test
//     reads the template back.
//   - Load reads one file and the two environment variables and keeps nothing.
//
// Only the fx module and the programs import this package; every other package
// has Options of its own.
package config
