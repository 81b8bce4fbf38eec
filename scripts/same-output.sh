#!/bin/sh
# Does a refactoring change what is compiled? Builds the catalogue with two compilers and compares; what differs is printed, and
# the exit code is 1.
#
#   scripts/same-output.sh [--code] OLD_SKIPC NEW_SKIPC [SPEC[,NAME=VALUE]...]
#
# Each spec is built for x86-64-v3, x86-64-v4 and both, at batches 1 and 16 in one library, by what was tuned and with --exact.
# Compared are every file that is emitted and the text of the plan. With --code, where the libraries' format changes, these are
# the kernels' assembly, the bytes of the weights segment and the probabilities that pictures get, one alone and ten at once.
# JOBS builds run at a time (default: one a core). A compiler finds the catalogue from where it lies: in build/*/bin of its
# own checkout, or beside the other one.
set -eu

CATALOGUE="cifar_resnet,depth=20 cifar_resnet,depth=56 cifar_resnet,depth=110 cifar_resnet,depth=1202 cifar_plain,depth=20
cifar_plain,depth=56 resnet18 resnet34 resnet50 resnet101 resnet152 plain18 plain34 resnet18,shortcut=A resnet18,shortcut=C
resnet50,stride_on=conv1 vgg16 vgg19"
PICTURES=$(cd "$(dirname "$0")/.." && pwd)/models/demo

# make_files SKIPC MODE SPEC BODY CHOICE: leaves in this folder what is to be compared
make_files() {
  skipc=$1 spec=${3%%,*}
  flags=$(echo "$3" | tr ',' '\n' | sed -n '2,$s/^/-D /p') # words to be split, like all of them
  [ "$4" = both ] || flags="$flags --target-cpu=$4"
  [ "$5" = tuned ] || flags="$flags --exact"
  if [ "$2" = files ]; then
    "$skipc" build "$spec" $flags --batch 1,16 --stop-after=plan -o plan.txt &&
      "$skipc" build "$spec" $flags --batch 1,16 --weights random:1 --weights-mode file --emit lib,shared,obj -o .
  else
    "$skipc" build "$spec" $flags --batch 1,16 --weights random:1 --weights-mode file --emit asm -o . &&
      tail -c +65 ./*.skipweights > weights && rm -f ./*.skipweights ./*.json && # the header is the format's
      "$skipc" run "$spec" $flags --weights random:1 --top 1000 --json "$PICTURES/8-ship.png" > run.json &&
      "$skipc" run "$spec" $flags --weights random:1 --top 1000 --json "$PICTURES"/*.png > runs.json
  fi
}

# hashes SKIPC MODE SPEC BODY CHOICE: a line for each file, or what went wrong
hashes() {
  folder=$(mktemp -d)
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
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for spec in ${*:-$CATALOGUE}; do
  for body in x86-64-v3 x86-64-v4 both; do
    for choice in tuned exact; do
      echo "$old $new $mode $spec $body $choice"
    done
  done
done | xargs -P "${JOBS:-$(nproc)}" -I{} sh -c 'set -- {}; name=$(echo "$4-$5-$6" | tr /, __)
  "$0" --one "$1" "$3" "$4" "$5" "$6" > "'"$results"'/$name.old"
  "$0" --one "$2" "$3" "$4" "$5" "$6" > "'"$results"'/$name.new"' "$0"
cat "$results"/*.old > "$results/old"
cat "$results"/*.new > "$results/new"
if grep -h ': FAILED: ' "$results/old" "$results/new" || ! diff "$results/old" "$results/new"; then
  exit 1
fi
[ -s "$results/new" ] || { echo "nothing was compared"; exit 1; }
echo "all $(wc -l < "$results/new") files are the same"
