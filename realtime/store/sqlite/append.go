package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/sqlstore"
)

const insertEntry = `INSERT INTO realtime_journal (room_id, seq, author, at, data, meta, sum)
	VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`

// append writes entries in one transaction. Only the wait for the connection
// can be cut short; what comes then is bounded by the busy timeout.
func (s *files) append(ctx context.Context, entries []store.Entry) error {
	conn, err := s.journal.write.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(c any) error { return s.insert.write(c, entries) })
	if closeErr := conn.Close(); err == nil {
		err = closeErr
	}
	if errors.Is(err, errThere) {
		return s.appendAgain(ctx, entries)
	}
	return err
}

// appendAgain is append when some of the entries are there already.
func (s *files) appendAgain(ctx context.Context, entries []store.Entry) error {
	return s.journal.update(ctx, func(tx *sql.Tx) error {
		for i := range entries {
			r := sqlstore.RowOf(&entries[i])
			res, err := tx.ExecContext(ctx, insertEntry, r.Room, r.Seq, r.Author, r.At, r.Data, r.Meta, r.Sum)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 1 {
				continue
			}
			if err := sqlstore.Conflict(ctx, tx, &entries[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// errThere says that an entry is in the journal already.
var errThere = errors.New("entry is there already")

// inserter writes entries with statements that it keeps, in the driver's own
// terms: a transaction of database/sql prepares BEGIN and COMMIT each time and
// starts a goroutine, fifty times a second. Who has the journal's one writing
// connection has the inserter.
type inserter struct {
	conn                            any // of the driver; whose the statements are
	begin, insert, commit, rollback statement
	row                             [7]driver.NamedValue
}

// statement is what the driver's statements are.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
}

func (w *inserter) write(conn any, entries []store.Entry) error {
	if err := w.prepare(conn); err != nil {
		return err
	}
	if _, err := w.run(w.begin, nil); err != nil {
		return err
	}
	err := w.rows(entries)
	if err == nil {
		_, err = w.run(w.commit, nil)
	}
	if err != nil {
		_, _ = w.run(w.rollback, nil) // SQLite may have done it already; err says why
	}
	return err
}

func (w *inserter) rows(entries []store.Entry) error {
	defer clear(w.row[:])
	for i := range entries {
		r := sqlstore.RowOf(&entries[i])
		for at, v := range [...]driver.Value{r.Room, r.Seq, r.Author, r.At, r.Data, r.Meta, r.Sum} {
			w.row[at] = driver.NamedValue{Ordinal: at + 1, Value: v}
		}
		res, err := w.run(w.insert, w.row[:])
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n != 1 {
			return errThere
		}
	}
	return nil
}

// run has no context: to watch one the driver starts a goroutine.
func (w *inserter) run(s statement, row []driver.NamedValue) (driver.Result, error) {
	return s.ExecContext(context.Background(), row)
}

// prepare makes the statements, once for a connection.
func (w *inserter) prepare(conn any) error {
	if w.conn == conn {
		return nil
	}
	if err := w.close(); err != nil {
		return err
	}
	c, ok := conn.(driver.Conn)
	if !ok {
		return fmt.Errorf("%T is no connection of a driver", conn)
	}
	for _, p := range []struct {
		into  *statement
		query string
	}{{&w.begin, "BEGIN IMMEDIATE"}, {&w.insert, insertEntry}, {&w.commit, "COMMIT"}, {&w.rollback, "ROLLBACK"}} {
		s, err := c.Prepare(p.query)
		if err != nil {
			return errors.Join(err, w.close())
		}
		if *p.into, ok = s.(statement); !ok {
			return errors.Join(fmt.Errorf("%T takes no context", s), s.Close(), w.close())
		}
	}
	w.conn = conn
	return nil
}

// close releases the statements, before their connection.
func (w *inserter) close() error {
	var errs []error
	for _, s := range []*statement{&w.begin, &w.insert, &w.commit, &w.rollback} {
		if *s != nil {
			errs = append(errs, (*s).Close())
		}
		*s = nil
	}
	w.conn = nil
	return errors.Join(errs...)
}
