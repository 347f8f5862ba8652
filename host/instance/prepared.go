package instance

import (
	"context"
	"database/sql"
	"sync"
)

// prepared keeps the statements that each join asks: to read SQL takes longer
// than to run it.
type prepared struct {
	mu   sync.Mutex
	byQL map[string]*sql.Stmt // guarded by mu; by text
}

// queryRow is db.QueryRowContext with a statement that is kept. Its texts must
// be constants.
func (in *Instance) queryRow(ctx context.Context, query string, args ...any) *sql.Row {
	p := &in.kept
	p.mu.Lock()
	s := p.byQL[query]
	p.mu.Unlock()
	if s == nil {
		var err error
		if s, err = in.db.PrepareContext(ctx, query); err != nil {
			return in.db.QueryRowContext(ctx, query, args...) // says it again, where it is read
		}
		p.mu.Lock()
		if other := p.byQL[query]; other != nil {
			defer s.Close()
			s = other
		} else {
			if p.byQL == nil {
				p.byQL = make(map[string]*sql.Stmt)
			}
			p.byQL[query] = s
		}
		p.mu.Unlock()
	}
	return s.QueryRowContext(ctx, args...)
}

// close lets go of the statements; the database must still be open.
func (p *prepared) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.byQL {
		_ = s.Close() // the database closes next, and says what is wrong
	}
	p.byQL = nil
}
