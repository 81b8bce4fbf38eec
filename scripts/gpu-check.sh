#!/usr/bin/env bash
# Shows on a GPU what is proved here on the emulator: instructions, steps, results, classes, compute-sanitizer, times beside what was
# predicted, and beside PyTorch where that is there, and tuning.
#   scripts/gpu-check.sh                 packs build/gpu-check.tar.gz, below 64 MiB, and runs it if a GPU is here
#   scripts/gpu-check.sh --pack          only packs. On a machine with a GPU, Python and no network:
#                                        tar xzf gpu-check.tar.gz && python3 gpu-check/check.py
#   scripts/gpu-check.sh --emulator      packs one small model, and runs it on the emulator
# BUILD names the build's folder (default: build/release). SKIP_DATA names that of real checkpoints and pictures.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build/release}
emulator=$build/lib/libskip-cuda-emulator.so
most=$((64 * 1024 * 1024))

pack() { # folder, flags
  SKIP_CUDA_DRIVER=$(realpath "$emulator") SKIP_EMULATOR_ARCH=sm_90a SKIP_EMULATOR_CHECKS=off python3 scripts/gpu/make_pack.py --build "$build" --output "$@"
}

case ${1:-} in
--emulator)
  folder=$build/gpu-check-emulator/gpu-check
  pack "$folder" --reduced
  SKIP_CUDA_DRIVER=$(realpath "$emulator") SKIP_EMULATOR_ARCH=sm_90a SKIP_EMULATOR_SEED=7 SKIP_EMULATOR_COMPLETION=lazy \
    python3 "$folder/check.py"
  ;;
--pack | "")
  folder=build/gpu-check
  pack "$folder"
  tar czf build/gpu-check.tar.gz -C build gpu-check
  bytes=$(stat -c %s build/gpu-check.tar.gz)
  echo "build/gpu-check.tar.gz: $bytes bytes"
  if [ "$bytes" -gt "$most" ]; then
    echo "more than the $most that it may have" >&2
    exit 1
  fi
  if [ "${1:-}" = --pack ]; then
    exit 0
  fi
  if ! python3 -c 'import ctypes; raise SystemExit(ctypes.CDLL("libcuda.so.1").cuInit(0))' 2>/dev/null; then
    echo "no GPU here: take build/gpu-check.tar.gz to one, and run gpu-check/check.py there"
    exit 0
  fi
  python3 "$folder/check.py"
  ;;
-h | --help) sed -n '2,8s/^# \?//p' "$0" ;;
*)
  sed -n '2,8s/^# \?//p' "$0" >&2
  exit 2
  ;;
esac
