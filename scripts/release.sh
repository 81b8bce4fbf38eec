#!/usr/bin/env bash
# Makes dist/skip-VERSION-linux-x86_64.tar.xz: skipc with LLVM inside, the catalogue, tuning texts, headers, the Python package, a demo
# and licences, for any x86-64 Linux with glibc 2.31 or later (docs/decisions/release.md). Proves by objdump that skipc and a library that it builds
# ask for nothing newer, and tries the file in a bare root folder.
#   scripts/release.sh [BUILD_FOLDER]    which CMake has configured
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
most_bytes=60000000

# The same commit gives the same bytes: all files bear its date.
date=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || true)}
[ -n "$date" ] || { echo "release: there is no commit here to take the files' date from; set SOURCE_DATE_EPOCH, in seconds since 1970" >&2; exit 1; }

ninja -C "$build" skipc-release
skipc=$build/release/skipc
version=$("$skipc" --version | sed -nE 's/^skipc ([0-9.]+) .*/\1/p')
[ -n "$version" ] || { echo "release: $skipc does not say its version" >&2; exit 1; }
name=skip-$version-linux-x86_64
stage=$build/release/$name
rm -rf "$stage" && mkdir -p "$stage" dist

cmake --install "$build" --prefix "$stage" >/dev/null
install -m 755 "$skipc" "$stage/bin/skipc"
install -D -m 644 -t "$stage/include/skip" runtime/Runtime.h runtime/training/Training.h
install -D -m 644 -t "$stage/share/skip/demo" models/demo/* models/checkpoints/cifar10-resnet20.safetensors
install -m 644 release/README.md "$stage/README.md"
SOURCE_DATE_EPOCH=$date make --silent wheel
install -D -m 644 -t "$stage/share/skip/python" "dist/skiprt-$version-py3-none-any.whl"

# Of each file that is linked, its package's licence, and the texts that those speak of.
mkdir -p "$stage/licenses"
xargs -d '\n' -a "$build/release/foreign.txt" realpath -- | sort -u | xargs -d '\n' dpkg -S >"$build/release/packages.txt"
sed -E 's/(:[a-z0-9]+)?: .*//' "$build/release/packages.txt" | sort -u | while read -r package; do
  cp "/usr/share/doc/$package/copyright" "$stage/licenses/$package.txt"
done
grep -ohE '/usr/share/common-licenses/[A-Za-z0-9.-]+[A-Za-z0-9]' "$stage"/licenses/*.txt | sort -u | while read -r text; do
  if [ -f "$text" ]; then
    cp "$text" "$stage/licenses/"
  fi
done

tar -C "$build/release" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$date" \
  -cf - "$name" | xz -9 -T2 --block-size=32MiB >"dist/$name.tar.xz.new"
mv "dist/$name.tar.xz.new" "dist/$name.tar.xz"
bytes=$(stat -c %s "dist/$name.tar.xz")
echo "dist/$name.tar.xz: $bytes bytes, skipc alone unpacked $(stat -c %s "$skipc")"
[ "$bytes" -lt "$most_bytes" ] || { echo "release: at most $most_bytes bytes are wanted" >&2; exit 1; }
release/test.sh "dist/$name.tar.xz"
