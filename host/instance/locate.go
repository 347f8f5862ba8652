package instance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// Layout says where the parts of an instance are. All paths are absolute.
type Layout struct {
	Root       string // the project: holds .civicrc
	DataDir    string // the archive: records and .civic, under Git
	SystemDir  string // .system-data: secrets, realtime.yml
	Database   string // the SQLite file
	ConfigFile string // .civicrc, "" if there is none
}

// civicrc is what this module needs of .civicrc; other keys are the core's.
type civicrc struct {
	DataDir  string `yaml:"dataDir"`
	Database struct {
		Type   string `yaml:"type"`
		SQLite struct {
			File string `yaml:"file"`
		} `yaml:"sqlite"`
	} `yaml:"database"`
}

// Locate finds the instance that dir belongs to. dir may be the project (the
// folder of .civicrc) or its data directory. It only looks, it does not check
// that everything is there.
func Locate(dir string) (Layout, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Layout{}, fmt.Errorf("locate instance: %w", err)
	}
	if info, err := os.Stat(abs); err != nil {
		return Layout{}, fmt.Errorf("locate instance: %w: %s", ErrNoInstance, reason(err, abs))
	} else if !info.IsDir() {
		return Layout{}, fmt.Errorf("locate instance: %w: %s is not a directory", ErrNoInstance, abs)
	}
	if isFile(filepath.Join(abs, ".civicrc")) {
		return fromConfig(abs)
	}
	if parent := filepath.Dir(abs); isFile(filepath.Join(parent, ".civicrc")) {
		if l, err := fromConfig(parent); err != nil {
			return Layout{}, err
		} else if l.DataDir == abs {
			return l, nil
		}
	}
	switch {
	case isDir(filepath.Join(abs, "data", ".civic")):
		return layout(abs, filepath.Join(abs, "data"), ""), nil
	case isDir(filepath.Join(abs, ".civic")):
		return layout(filepath.Dir(abs), abs, ""), nil
	}
	return Layout{}, fmt.Errorf("locate instance: %w: %s holds neither .civicrc nor data/.civic; "+
		"name the folder in which \"civic init\" was run", ErrNoInstance, abs)
}

func fromConfig(root string) (Layout, error) {
	path := filepath.Join(root, ".civicrc")
	src, err := os.ReadFile(path)
	if err != nil {
		return Layout{}, fmt.Errorf("read %s: %w", path, err)
	}
	var rc civicrc
	if err := yaml.Unmarshal(src, &rc); err != nil {
		return Layout{}, fmt.Errorf("read %s: %s", path, yaml.FormatError(err, false, false))
	}
	if t := rc.Database.Type; t != "" && t != "sqlite" {
		return Layout{}, fmt.Errorf("read %s: database.type is %q, but only sqlite is supported as the core's database", path, t)
	}
	dataDir := rc.DataDir
	if dataDir == "" {
		dataDir = "data"
	}
	l := layout(root, under(root, dataDir), path)
	if f := rc.Database.SQLite.File; f != "" {
		l.Database = under(root, f)
	}
	return l, nil
}

func layout(root, dataDir, configFile string) Layout {
	// The core keeps .system-data beside the data directory; where that and
	// the project differ, whichever exists counts.
	system := filepath.Join(filepath.Dir(dataDir), ".system-data")
	if atRoot := filepath.Join(root, ".system-data"); !isDir(system) && isDir(atRoot) {
		system = atRoot
	}
	return Layout{
		Root: root, DataDir: dataDir, SystemDir: system, ConfigFile: configFile,
		Database: filepath.Join(root, ".system-data", "civic.db"),
	}
}

func under(root, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(root, path)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// reason is the short text of a file error.
func reason(err error, path string) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path + " does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "no permission to read " + path
	default:
		return err.Error()
	}
}
