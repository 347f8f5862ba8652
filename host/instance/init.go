package instance

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
)

//go:embed all:defaults
var defaults embed.FS

// Init makes a new instance in dir: .civicrc, the data directory under Git
// with its .civic files, the database and the secret. It overwrites nothing:
// what is there stays, what is missing is made.
func Init(dir string) error {
	root, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("init instance: %w", err)
	}
	if err := initAt(root); err != nil {
		return fmt.Errorf("init instance in %s: %w", root, err)
	}
	return nil
}

func initAt(root string) error {
	for _, d := range []string{"data/.civic", "data/records", ".system-data"} {
		if err := os.MkdirAll(filepath.Join(root, filepath.FromSlash(d)), 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{"config.yml", "roles.yml", "hooks.yml", "workflows.yml", "org-config.yml"} {
		src, err := defaults.ReadFile(path.Join("defaults", name))
		if err != nil {
			return err
		}
		if err := writeIfMissing(filepath.Join(root, "data", ".civic", name), src, 0o644); err != nil {
			return err
		}
	}
	rc := fmt.Sprintf("version: 1.0.0\ncreated: '%s'\ndataDir: data\ndatabase:\n  type: sqlite\n  sqlite:\n    file: .system-data/civic.db\n",
		isoMillis(time.Now()))
	if err := writeIfMissing(filepath.Join(root, ".civicrc"), []byte(rc), 0o644); err != nil {
		return err
	}
	l, err := fromConfig(root)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(l.SystemDir, "secrets.yml")); errors.Is(err, fs.ErrNotExist) {
		if _, err := generateSecret(filepath.Join(l.SystemDir, "secrets.yml")); err != nil {
			return err
		}
	}
	if err := createDatabase(l.Database); err != nil {
		return err
	}
	return createRepository(l.DataDir)
}

func writeIfMissing(path string, src []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(src)
	return errors.Join(err, f.Close())
}

func createDatabase(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// An empty file is an empty database.
	if err := writeIfMissing(path, nil, 0o644); err != nil {
		return err
	}
	ctx := context.Background()
	db, err := openDatabase(ctx, path)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(createTables(ctx, tx), db.Close())
}

func createTables(ctx context.Context, tx *sql.Tx) error {
	for _, statement := range schema {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("create tables: %w", err), tx.Rollback())
		}
	}
	return tx.Commit()
}

// createRepository puts the data directory under Git, unless it is part of a
// repository already, and commits the configuration.
func createRepository(dataDir string) error {
	_, err := git.PlainOpenWithOptions(dataDir, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if !errors.Is(err, git.ErrRepositoryNotExists) {
		return err
	}
	repo, err := git.PlainInitWithOptions(dataDir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")},
	})
	if err != nil {
		return fmt.Errorf("create Git repository: %w", err)
	}
	// The core writes its activity log and, with snapshots on the file
	// system, its snapshots into the data directory.
	if err := writeIfMissing(filepath.Join(dataDir, ".gitignore"), []byte("activity.log\nrealtime/\n"), 0o644); err != nil {
		return err
	}
	return commitAll(repo, "Initialize the civic archive", author{Name: "CivicPress", Email: "civicpress@localhost"})
}
