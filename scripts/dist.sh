#!/usr/bin/env bash
# usage: scripts/dist.sh VERSION
# Builds dist/: one archive a platform with the static binary, licence and documents, a list of what is compiled in (CycloneDX),
# and SHA256SUMS. The same commit gives the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1
go=${GO:-go}
stamp=$(git log -1 --format=%ct)
platforms=${PLATFORMS:-"linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64"}

rm -rf dist && mkdir dist
for platform in $platforms; do
  os=${platform%/*} arch=${platform#*/}
  name=civicpress-$version-$os-$arch
  mkdir -p "dist/$name"
  binary=dist/$name/civicpress
  [ "$os" = windows ] && binary=$binary.exe
  echo "dist: $name" >&2
  CGO_ENABLED=0 GOOS=$os GOARCH=$arch "$go" build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.release=$version" -o "$binary" ./cmd/civicpress
  [ -f dist/civicpress.cdx.json ] || "$go" run ./scripts/sbom "$binary" "$version" > dist/civicpress.cdx.json
  cp LICENSE README.md CHANGELOG.md SECURITY.md "dist/$name/"
  cp -r docs "dist/$name/docs"
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$stamp" -C dist -cf - "$name" | gzip -n -9 > "dist/$name.tar.gz"
  rm -r "dist/$name"
done
(cd dist && sha256sum -- *.tar.gz *.json > SHA256SUMS)
