#!/bin/sh
# full-disk.sh FOLDER COMMAND...: runs COMMAND with `-o` into a disk of 4 MB that has less and less space, until it has none.
# Prints what it says, and what it leaves where it fails. In a mount namespace of its own, so that the disk goes with it.
if [ "$1" != inside ]; then
  mkdir -p "$1"
  unshare -rm mount -t tmpfs -o size=4m tmpfs "$1" 2>/dev/null || { echo "skipped: no tmpfs can be mounted here"; exit 0; }
  exec unshare -rm "$0" inside "$@"
fi
shift
disk=$1
shift
mount -t tmpfs -o size=4m tmpfs "$disk" || exit 1
for kilobytes in 2000 1800 1600 1200 900 600 500 450 400 300 200 100 50 20 0; do
  head -c 4194304 /dev/zero 2>/dev/null | head -c $((4194304 - kilobytes * 1024)) >"$disk/fill"
  if "$@" -o "$disk/out" 2>&1; then
    echo "fits in $kilobytes kB"
  else
    ls -A "$disk" | grep -v '^fill$' | sed 's/^/left: /'
  fi
  rm -rf "$disk/out"
done
