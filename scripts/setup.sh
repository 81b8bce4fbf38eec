#!/usr/bin/env bash
# Installs the Debian packages that Skip is built with. A no-op when all are there.
set -euo pipefail
packages=(
  g++ cmake ninja-build ccache make git python3
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools lld-22 liblld-22-dev clang-format-22
  libzstd-dev libcurl4-openssl-dev libedit-dev libxml2-dev zlib1g-dev
  libfmt-dev catch2 libcli11-dev nlohmann-json3-dev libjpeg62-turbo-dev libpng-dev
)
command -v dpkg-query >/dev/null || { echo "setup: needs a Debian system (dpkg is missing)" >&2; exit 2; }
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "setup: installing ${missing[*]}"
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
