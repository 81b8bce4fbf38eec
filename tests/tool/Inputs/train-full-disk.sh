#!/bin/sh
# train-full-disk.sh FOLDER COMMAND...: a training (COMMAND with `-o`) on a disk of 4 MB that is full when it saves. Prints what it
# says, what is in its folder then, and whether the checkpoint is still that of before; then makes room, and goes on.
# In a mount namespace of its own, so that the disk goes with it.
if [ "$1" != inside ]; then
  mkdir -p "$1"
  unshare -rm mount -t tmpfs -o size=4m tmpfs "$1" 2>/dev/null || { echo "skipped: no tmpfs can be mounted here"; exit 0; }
  exec unshare -rm "$0" inside "$@"
fi
shift
disk=$1
shift
mount -t tmpfs -o size=4m tmpfs "$disk" || exit 1
"$@" -o "$disk/out" --steps 10 >/dev/null || exit 1
before=$(sha256sum "$disk/out/last.safetensors")
head -c 4194304 /dev/zero >"$disk/fill" 2>/dev/null
truncate -s -8192 "$disk/fill" # room for lines of metrics, not for a checkpoint
"$@" -o "$disk/out" --steps 20 --resume 2>&1
echo "ended with $?"
ls -A "$disk/out" | sed 's/^/there: /'
[ "$before" = "$(sha256sum "$disk/out/last.safetensors")" ] && echo "the checkpoint is as it was"
rm "$disk/fill"
"$@" -o "$disk/out" --steps 20 --resume >/dev/null || exit 1
echo "with room: $(sha256sum <"$disk/out/last.safetensors")"
