#!/usr/bin/env bash
# usage: scripts/dist.sh [OS/ARCH ...]
# Makes dist/: for each platform one archive with the static binary, deploy/ and docs/; one SBOM (CycloneDX) each; SHA256SUMS.
# The same commit gives the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
platforms=("$@")
[ ${#platforms[@]} -gt 0 ] || platforms=(linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64)

version=${VERSION:-$(git describe --tags --always --dirty)}
stamp=$(git log -1 --format=%ct)
scripts/setup.sh web

rm -rf dist
mkdir -p dist
for platform in "${platforms[@]}"; do
  os=${platform%/*} arch=${platform#*/}
  name=civicpress-$os-$arch
  program=civicpress
  [ "$os" != windows ] || program=civicpress.exe
  mkdir "dist/$name"
  CGO_ENABLED=0 GOOS=$os GOARCH=$arch $GO build -trimpath -ldflags "-s -w -buildid= -X main.release=$version" -o "dist/$name/$program" ./cmd/civicpress
  cp -R deploy docs README.md CHANGELOG.md SECURITY.md LICENSE "dist/$name/"
  $GO run ./scripts/sbom "dist/$name/$program" >"dist/$name.cdx.json"
  tar -C dist --sort=name --mtime="@$stamp" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -n9 >"dist/$name.tar.gz"
  rm -rf "dist/$name"
  echo "dist/$name.tar.gz"
done
(cd dist && sha256sum -- *.tar.gz *.cdx.json >SHA256SUMS)
