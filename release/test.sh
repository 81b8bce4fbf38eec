#!/usr/bin/env bash
# Tries a release file as on a machine that has nothing: in a root folder with the C library and its loader, and no shell, compiler or
# linker, it is unpacked, classifies pictures and builds libraries. By objdump and release/glibc-2.31.txt it is proved that skipc and
# the libraries ask for nothing that glibc 2.31 has not.
#   release/test.sh FILE.tar.xz    GLIBC=DIR: that C library, such as /lib/x86_64-linux-gnu of another system, not this machine's
# Where no root folder can be made (in some containers), all the same runs in a folder without one, and the last line says so.
set -euo pipefail
file=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
where=${2:-}
if [ -z "$where" ]; then # a mount namespace of its own
  for flags in -m -rm; do
    if unshare $flags mount -t tmpfs tmpfs /mnt 2>/dev/null; then
      exec unshare $flags "$here/test.sh" "$file" bare
    fi
  done
  where=here
fi

root=$(mktemp -d)
if [ "$where" = bare ]; then
  trap 'umount -l "$root" && rmdir "$root"' EXIT
  mount -t tmpfs -o size=2g tmpfs "$root"
  inside=
else
  trap 'rm -rf "$root"' EXIT
  inside=$root
fi
glibc=${GLIBC:-/lib/x86_64-linux-gnu}
mkdir -p "$root"/{lib64,lib/x86_64-linux-gnu,proc,dev,tmp}
cp -L "$glibc/ld-linux-x86-64.so.2" "$root/lib64/"
for library in libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2; do
  cp -L "$glibc/$library" "$root/lib/x86_64-linux-gnu/"
done
if [ "$where" = bare ]; then
  mount --rbind /proc "$root/proc"
  touch "$root/dev/null" && mount --bind /dev/null "$root/dev/null"
fi

chroot=$(command -v chroot)
fail() {
  echo "release test: $*" >&2
  exit 1
}

started=$(date +%s%N)
tar -C "$root" -xf "$file"
name=$(cd "$root" && echo skip-*)
demo=$inside/$name/share/skip/demo
weights=$demo/cifar10-resnet20.safetensors
run() {
  if [ "$where" = bare ]; then
    env -i HOME=/tmp PATH=/ "$chroot" "$root" "/$name/bin/skipc" "$@"
  else
    env -i HOME="$root/tmp" PATH=/nonexistent "$root/$name/bin/skipc" "$@"
  fi
}

# The first of what is said is how far unpacking and the first classification took.
pictures=$(cd "$root/$name/share/skip/demo" && printf "$demo/%s\n" *.png)
run run cifar_resnet -D depth=20 --weights "$weights" --top 1 $pictures >"$root/tmp/said"
seconds=$((($(date +%s%N) - started) / 1000000))
cat "$root/tmp/said"
echo "from unpacking to the first ten classifications: $seconds ms"
[ "$seconds" -lt 60000 ] || fail "the first classification took more than a minute"
right=0
for class in airplane automobile bird cat deer dog frog horse ship truck; do
  if grep -A2 -- "-$class.png" "$root/tmp/said" | grep -qE "% +$class\$"; then
    right=$((right + 1))
  fi
done
echo "$right of 10 right"
[ "$right" -ge 9 ] || fail "the pictures are classified wrongly"

run build cifar_resnet -D depth=20 --weights "$weights" --name resnet20 -o "$inside"/tmp/plain
run build cifar_resnet -D depth=20 --weights "$weights" --name resnet20 -o "$inside"/tmp/again --timing 2>"$root/tmp/said"
grep -qE ' ([1-9][0-9]*)  of \1 kernels had been compiled before' "$root/tmp/said" || fail "kernels are compiled again: $(cat "$root/tmp/said")"
cmp "$root"/tmp/{plain,again}/libresnet20.so
run build cifar_resnet -D depth=20 --name trained --train --emit=lib,shared,obj -o "$inside"/tmp/trained
run build cifar_resnet -D depth=20 --target=cuda,x86 --weights random:1 --name both -o "$inside"/tmp/both
run pack "$weights" --for "$inside"/tmp/trained/trained.json -o "$inside"/tmp/new.skipweights
run verify resnet18 --batch 1 --isa avx2 --no-tuning
"$here/check.py" "$here/glibc-2.31.txt" "$root/$name/bin/skipc" "$root"/tmp/*/lib*.so

# All symbols of a library, as its loader finds them in a program that has no more than the library itself needs.
for library in "$root"/tmp/*/lib*.so; do
  missing=$(LD_TRACE_LOADED_OBJECTS=1 LD_BIND_NOW=1 LD_WARN=1 "$root/lib64/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$root/lib/x86_64-linux-gnu" \
    "$library" 2>&1 | grep -E "undefined symbol|not found" || true)
  [ -z "$missing" ] || fail "${library##*/} does not load: $missing"
done
# Without /proc it finds its catalogue as well.
if [ "$where" = bare ]; then
  umount -l "$root/proc"
  run summary cifar_resnet -D depth=8 >/dev/null || fail "skipc finds no catalogue without /proc"
  if run build cifar_resnet -D depth=8 -o /tmp/noproc 2>"$root/tmp/said"; then
    fail "a library is linked without /proc"
  fi
  grep -q '/proc is not mounted' "$root/tmp/said" || fail "linking without /proc is not told: $(cat "$root/tmp/said")"
  mount --rbind /proc "$root/proc"
fi
# The Python package is for the libraries that this skipc makes.
PYTHONPATH=$(echo "$root/$name"/share/skip/python/skiprt-*.whl) "${PYTHON:-/usr/bin/python3}" - "$root/tmp/plain/libresnet20.so" <<'PROGRAM' || fail "the Python package does not run the library"
import sys
import numpy, skiprt
model = skiprt.load(sys.argv[1])
assert "skiprt-" in skiprt.__file__, skiprt.__file__
image = model.preprocess(numpy.full((40, 50, 3), 128, numpy.uint8))
assert model.run(image, wanted=model.outputs[0].name).shape == (1, 10)
PROGRAM
if run build cifar_resnet -D depth=8 --emit=exe -o "$inside"/tmp/exe 2>"$root/tmp/said"; then
  fail "--emit=exe made a program without a compiler"
fi
grep -q '`cc`' "$root/tmp/said" || fail "--emit=exe does not say that it needs cc: $(cat "$root/tmp/said")"
# An error of the command line is thrown and caught, by unwind tables that skipc finds itself.
if run build resnet18 --no-such-flag 2>"$root/tmp/said"; then
  fail "a wrong flag is taken"
fi
grep -q 'error: .*--no-such-flag' "$root/tmp/said" || fail "a wrong flag gives no text: $(cat "$root/tmp/said")"
[ "$where" = bare ] || echo "not in a root folder of its own: none can be made here"
echo "all good with $("$root/lib64/ld-linux-x86-64.so.2" "$root/lib/x86_64-linux-gnu/libc.so.6" | sed -n 1p)"
