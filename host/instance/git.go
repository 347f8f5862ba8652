package instance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// author signs a commit.
type author struct {
	Name, Email string
}

// lockWait is how long a commit waits for another Git process.
const lockWait = 5 * time.Second

// openRepository opens the repository that the data directory lies in.
func openRepository(dataDir string) (*git.Repository, error) {
	repo, err := git.PlainOpenWithOptions(dataDir, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return nil, fmt.Errorf("%w: run \"git init\" in %s", ErrNoRepository, dataDir)
	}
	if err != nil {
		return nil, fmt.Errorf("open Git repository of %s: %w", dataDir, err)
	}
	return repo, nil
}

// commitFile commits one file of the data directory and returns the commit's
// hash, or "" if the repository has the file in this form already.
func commitFile(ctx context.Context, dataDir, local, message string, by author) (string, error) {
	repo, err := openRepository(dataDir)
	if err != nil {
		return "", err
	}
	tree, err := repo.Worktree()
	if err != nil {
		return "", fmt.Errorf("open Git work tree: %w", err)
	}
	top, err := filepath.EvalSymlinks(tree.Filesystem.Root())
	if err != nil {
		return "", fmt.Errorf("open Git work tree: %w", err)
	}
	data, err := filepath.EvalSymlinks(dataDir)
	if err != nil {
		return "", fmt.Errorf("open Git work tree: %w", err)
	}
	path, err := filepath.Rel(top, filepath.Join(data, local))
	if err != nil {
		return "", fmt.Errorf("find %s in Git work tree: %w", local, err)
	}
	unlock, err := lockIndex(ctx, repo)
	if err != nil {
		return "", err
	}
	defer unlock()
	// Without a status of the whole tree, which takes seconds in a large
	// archive; and a file that .gitignore names is committed all the same.
	if err := tree.AddWithOptions(&git.AddOptions{Path: filepath.ToSlash(path), SkipStatus: true}); err != nil {
		return "", fmt.Errorf("git add %s: %w", path, err)
	}
	hash, err := tree.Commit(message, &git.CommitOptions{Author: signature(by)})
	switch {
	case errors.Is(err, git.ErrEmptyCommit):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("git commit %s: %w", path, err)
	}
	return hash.String(), nil
}

// commitAll commits everything in the work tree.
func commitAll(repo *git.Repository, message string, by author) error {
	tree, err := repo.Worktree()
	if err != nil {
		return fmt.Errorf("open Git work tree: %w", err)
	}
	if err := tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		return fmt.Errorf("git add: %w", err)
	}
	if _, err := tree.Commit(message, &git.CommitOptions{Author: signature(by)}); err != nil && !errors.Is(err, git.ErrEmptyCommit) {
		return fmt.Errorf("git commit: %w", err)
	}
	return nil
}

func signature(by author) *object.Signature {
	return &object.Signature{Name: by.Name, Email: by.Email, When: time.Now()}
}

// lockIndex takes Git's own lock on the index, which the library does not, so
// that a git command of somebody else and this commit wait for each other.
func lockIndex(ctx context.Context, repo *git.Repository) (unlock func(), err error) {
	storage, ok := repo.Storer.(*filesystem.Storage)
	if !ok {
		return func() {}, nil
	}
	path := filepath.Join(storage.Filesystem().Root(), "index.lock")
	deadline := time.NewTimer(lockWait)
	defer deadline.Stop()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err == nil {
			_ = f.Close()
			return func() { _ = os.Remove(path) }, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("lock Git index: %w", err)
		}
		select {
		case <-retry.C:
		case <-deadline.C:
			return nil, fmt.Errorf("lock Git index: %s has been there for %v; another Git process is at work, or one crashed and the file may be removed", path, lockWait)
		case <-ctx.Done():
			return nil, fmt.Errorf("lock Git index: %w", ctx.Err())
		}
	}
}
