#!/bin/sh
# Does a refactoring change what is compiled? Builds the catalogue with two compilers and compares; what differs is printed, and
# the exit code is 1.
#
#   scripts/same-output.sh [--code] OLD_SKIPC NEW_SKIPC [SPEC[,NAME=VALUE]...]
#
# Each spec is built for x86-64-v3, x86-64-v4 and both, at batches 1 and 16 in one library, by what was tuned and with --exact; a
# network for CIFAR also as `train`, for both with the gradients of a training step; and what GPUs can compute as `cuda`. BODIES
# names those to build where not all are wanted. Compared are every file that is emitted (for CUDA also its PTX) and the text of the
# plan. With --code, where the libraries' format changes, these are the kernels' assembly or PTX, the bytes of the weights segment
# and, of inference on x86, the probabilities that pictures get, one alone and ten at once.
# JOBS builds run at a time (default: one a core). A compiler finds the catalogue from where it lies: in build/*/bin of its
# own checkout, or beside the other one.
set -eu

CATALOGUE="cifar_resnet,depth=20 cifar_resnet,depth=56 cifar_resnet,depth=110 cifar_resnet,depth=1202 cifar_plain,depth=20
cifar_plain,depth=56 resnet18 resnet34 resnet50 resnet101 resnet152 plain18 plain34 resnet18,shortcut=A resnet18,shortcut=C
resnet50,stride_on=conv1 vgg16 vgg19 resnext50_32x4d wide_resnet50_2 resnet50d seresnet50 resnet_v2 cifar_resnet_v2,depth=56
iresnet,depth=18"
BODIES=${BODIES-x86-64-v3 x86-64-v4 both train cuda}
PICTURES=$(cd "$(dirname "$0")/.." && pwd)/models/demo

# is_built_as SPEC BODY: only networks for CIFAR are trained here, but not that whose 1200 layers are alike; and some have what no
# kernel of a GPU computes (docs/gpu.md)
is_built_as() {
  case "$2 $1" in
  "train cifar_resnet,depth=1202") return 1 ;;
  "train cifar_"*) return 0 ;;
  "train "*) return 1 ;;
  "cuda resnext"* | "cuda resnet50d"* | "cuda resnet101d"* | "cuda seresnet"* | "cuda resnet_v2"*) return 1 ;;
  esac
}

# make_files SKIPC MODE SPEC BODY CHOICE: leaves in this folder what is to be compared
make_files() {
  skipc=$1 spec=${3%%,*} emit=lib,shared,obj
  flags=$(echo "$3" | tr ',' '\n' | sed -n '2,$s/^/-D /p') # words to be split, like all of them
  case $4 in
  both) ;;
  train) flags="$flags --train" ;;
  cuda) flags="$flags --target=cuda" emit=lib,obj,ptx ;;
  *) flags="$flags --target-cpu=$4" ;;
  esac
  [ "$5" = tuned ] || flags="$flags --exact"
  if [ "$2" = files ]; then
    "$skipc" build "$spec" $flags --batch 1,16 --stop-after=plan -o plan.txt &&
      "$skipc" build "$spec" $flags --batch 1,16 --weights random:1 --weights-mode file --emit "$emit" -o .
  else
    "$skipc" build "$spec" $flags --batch 1,16 --weights random:1 --weights-mode file --emit asm -o . &&
      tail -c +65 ./*.skipweights > weights && rm -f ./*.skipweights ./*.json || return 1 # the header is the format's
    case $4 in train | cuda) return 0 ;; esac
    "$skipc" run "$spec" $flags --weights random:1 --top 1000 --json "$PICTURES/8-ship.png" > run.json &&
      "$skipc" run "$spec" $flags --weights random:1 --top 1000 --json "$PICTURES"/*.png > runs.json
  fi
}

# hashes FOLDER SKIPC MODE SPEC BODY CHOICE: a line for each file, or what went wrong
hashes() {
  folder=$(mktemp -d -p "$1")
  shift
  if (cd "$folder" && make_files "$@") > "$folder.said" 2>&1; then
    (cd "$folder" && find . -type f | LC_ALL=C sort | xargs sha256sum) | sed "s|\([0-9a-f]*\)  \./\(.*\)|$3 $4 $5: \2 \1|"
  else
    echo "ended with an error" >> "$folder.said"
    sed "s|^|$3 $4 $5: FAILED: |" "$folder.said"
  fi
  rm -rf "$folder" "$folder.said"
}

if [ "${1-}" = --one ]; then # what xargs calls below
  shift
  hashes "$@"
  exit
fi
mode=files
[ "${1-}" != --code ] || { mode=code; shift; }
[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
old=$(realpath "$1") new=$(realpath "$2")
shift 2
results=$(mktemp -d) builds=
finish() { # the builds too, which no signal to this script reaches: they are a group of their own
  [ -z "$builds" ] || { kill -- "-$builds" && wait "$builds"; } 2> /dev/null || true
  rm -rf "$results" 2> /dev/null || { sleep 1 && rm -rf "$results"; } # what is being ended may still write
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for spec in ${*:-$CATALOGUE}; do
  for body in $BODIES; do
    is_built_as "$spec" "$body" || continue
    for choice in tuned exact; do
      echo "$results $old $new $mode $spec $body $choice"
    done
  done
done > "$results/builds"
setsid xargs -P "${JOBS:-$(nproc)}" -I{} sh -c 'set -- {}; name=$(echo "$5-$6-$7" | tr /, __)
  "$0" --one "$1" "$2" "$4" "$5" "$6" "$7" > "$1/$name.old"
  "$0" --one "$1" "$3" "$4" "$5" "$6" "$7" > "$1/$name.new"' "$0" < "$results/builds" &
builds=$!
wait "$builds"
builds=
[ -s "$results/builds" ] || { echo "nothing was compared"; exit 1; }
cat "$results"/*.old > "$results/old"
cat "$results"/*.new > "$results/new"
if grep -h ': FAILED: ' "$results/old" "$results/new" || ! diff "$results/old" "$results/new"; then
  exit 1
fi
[ -s "$results/new" ] || { echo "nothing was compared"; exit 1; }
echo "all $(wc -l < "$results/new") files are the same"
