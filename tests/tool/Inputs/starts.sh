# starts.sh SPEC DATABASE BEFORE NOW: four starts with a short budget, each of which must record something or find nothing left.
for start in 1 2 3 4; do
  skipc tune "$1" --db "$2" --isa avx2 --threads 1 --budget 0.3s > "$4" || exit 1
  grep -q budget "$4" || exit 0
  skipc tune --export "$4" --db "$2" || exit 1
  cmp -s "$3" "$4" && exit 1
  mv "$4" "$3"
done
exit 0
