#!/bin/sh
# kill-search.sh SPEC DATABASE: kills a search as soon as it has recorded something, whenever that is. One that has ended before,
# since this script waited for the machine, is begun anew.
for try in 1 2 3 4 5; do
  rm -f "$2"
  skipc tune "$1" --db "$2" --isa avx2 --threads 1 --budget 600s > "$2.txt" &
  search=$!
  until skipc tune --export - --db "$2" 2> /dev/null | grep -q ' runs; '; do
    kill -0 $search 2> /dev/null || break
  done
  kill -KILL $search 2> /dev/null
  wait $search
  ended=$?
  [ $ended = 137 ] && exit 0
  [ $ended = 0 ] || exit 1
done
exit 1
