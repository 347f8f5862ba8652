#!/usr/bin/env bash
# usage: scripts/dist.sh [OS/ARCH ...]
# Makes dist/: for each platform one archive with the static binary, deploy/ and docs/; one SBOM (CycloneDX) each; SHA256SUMS.
# The same commit and version give the same bytes, whoever makes them and where. OUT names another folder than dist.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
platforms=("$@")
[ ${#platforms[@]} -gt 0 ] || platforms=(linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64)

version=${VERSION:-$(git describe --tags --always --dirty)}
stamp=$(git log -1 --format=%ct)
scripts/setup.sh web

out=${OUT:-dist}
[ "$out" != dist ] || rm -rf dist
mkdir -p "$out"
for platform in "${platforms[@]}"; do
  os=${platform%/*} arch=${platform#*/}
  name=civicpress-$os-$arch
  program=civicpress
  [ "$os" != windows ] || program=civicpress.exe
  mkdir "$out/$name"
  CGO_ENABLED=0 GOOS=$os GOARCH=$arch $GO build -trimpath -ldflags "-s -w -buildid= -X main.release=$version" -o "$out/$name/$program" ./cmd/civicpress
  cp -R deploy docs README.md CHANGELOG.md SECURITY.md LICENSE "$out/$name/"
  $GO run ./scripts/sbom "$out/$name/$program" >"$out/$name.cdx.json"
  tar -C "$out" --sort=name --mode=u=rwX,go=rX --mtime="@$stamp" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -n9 >"$out/$name.tar.gz"
  rm -rf "$out/$name"
  echo "$out/$name.tar.gz"
done
(cd "$out" && sha256sum -- *.tar.gz *.cdx.json >SHA256SUMS)
