#!/bin/sh
# noexec.sh FOLDER COMMAND...: runs COMMAND with TMPDIR=FOLDER, where a file system is mounted from which nothing may be run. In a
# mount namespace of its own, so that it goes with it. Prints what it says, its exit code, and what it leaves.
if [ "$1" != inside ]; then
  mkdir -p "$1"
  unshare -rm mount -t tmpfs -o noexec tmpfs "$1" 2>/dev/null || { echo "skipped: no tmpfs can be mounted here"; exit 0; }
  exec unshare -rm "$0" inside "$@"
fi
shift
folder=$1
shift
mount -t tmpfs -o noexec tmpfs "$folder" || exit 1
TMPDIR=$folder "$@" 2>&1
echo "exit code $?"
ls -A "$folder" | sed 's/^/left: /'
