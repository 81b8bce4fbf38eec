#!/usr/bin/env bash
# Installs the Debian packages that Skip is built with. A no-op, without network, when all are there.
set -euo pipefail
packages=(
  clang-22 libclang-rt-22-dev cmake ninja-build ccache make git python3
  xz-utils # packs the release
  g++ # tests link libraries as users do
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools lld-22 liblld-22-dev clang-format-22
  libzstd-dev libcurl4-openssl-dev libedit-dev libxml2-dev zlib1g-dev
  libfmt-dev catch2 libcli11-dev nlohmann-json3-dev libjpeg62-turbo-dev libpng-dev libsqlite3-dev
  protobuf-compiler libprotobuf-dev
  musl-tools # tests link libraries with a second libc
  valgrind # tests run a library under it
  python3-pil python3-numpy # unpack the real test data
  python3-pip python3-setuptools python3-wheel python3-pytest # the Python package and its tests
)
command -v dpkg-query >/dev/null || { echo "setup: needs a Debian system (dpkg is missing)" >&2; exit 2; }
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup: run me as root, to install: ${missing[*]}" >&2; exit 2; }
  sudo=(sudo)
fi
echo "setup: looking up ${missing[*]}"
"${sudo[@]}" apt-get update -qq

# Of a package that no source offers, apt-cache gives no candidate version.
unknown=()
for package in "${missing[@]}"; do
  [[ "$(LC_ALL=C apt-cache policy "$package")" =~ "Candidate: "[^\(] ]] || unknown+=("$package")
done
if [ ${#unknown[@]} -gt 0 ]; then
  echo "setup: apt does not know: ${unknown[*]}" >&2
  echo "setup: on Debian 12, LLVM 22 is in the suite bookworm-security and the rest in bookworm (component main);" >&2
  echo "setup: add what is missing to apt's sources (man sources.list) and run me again" >&2
  exit 2
fi
echo "setup: installing ${missing[*]}"
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
