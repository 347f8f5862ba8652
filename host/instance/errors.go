package instance

import "errors"

// Errors of Open and of the operations of the REST. They are wrapped with %w.
var (
	// ErrNoInstance: the directory is not a CivicPress instance.
	ErrNoInstance = errors.New("not a CivicPress instance")
	// ErrNoSecret: there is no root secret to verify sessions with.
	ErrNoSecret = errors.New("no root secret")
	// ErrSchema: the database lacks tables or columns of CivicPress 0.3.
	ErrSchema = errors.New("database schema is not that of CivicPress 0.3 or later")
	// ErrUnsafePath: an id, a type or a stored path would lead out of the
	// data directory.
	ErrUnsafePath = errors.New("path leads out of the data directory")
	// ErrBadPassword: the new password does not meet the rules.
	ErrBadPassword = errors.New("password does not meet the rules")
	// ErrExternalAccount: the account's password is kept elsewhere.
	ErrExternalAccount = errors.New("account signs in through an external provider")
	// ErrNoRepository: the data directory is not under Git.
	ErrNoRepository = errors.New("data directory is not under Git")
	// ErrFrontMatter: a record's file has no front matter that can be read.
	ErrFrontMatter = errors.New("front matter cannot be read")
)
