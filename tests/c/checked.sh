#!/usr/bin/env bash
# Runs the C and C++ tests, and the clients of old headers, under a checker, against an installed library. Any finding is a failure.
#
#   checked.sh sanitizers SOURCE PREFIX OUTPUT   AddressSanitizer and UndefinedBehaviorSanitizer on the program's side
#   checked.sh valgrind   SOURCE PREFIX OUTPUT   memcheck over program and library: errors and lost memory
set -euo pipefail
kind=$1 source=$2 prefix=$3 output=$4
unset TVMTRT_TENSORRT_LIBRARY # the loader reads past short run paths of the libraries that TensorRT opens
rm -rf "$output" && mkdir -p "$output" && cd "$output"
export LD_LIBRARY_PATH=$prefix/lib

case $kind in
  sanitizers) flags=(-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all) run=() ;;
  valgrind) # DWARF 4 is what valgrind 3.19 reads; handles of threads that std keeps for the process are "possibly lost", which is no error
    flags=(-gdwarf-4) run=(valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite) ;;
  *) sed -n '4,5p' "$0" >&2; exit 2 ;;
esac
if [ "$kind" = valgrind ] && ! command -v valgrind >/dev/null; then echo "SKIP valgrind: there is none here"; exit 77; fi

count=0
check() { # compiler standard include source [argument...]
  local name
  name=$(basename "$4")
  "$1" "-std=$2" -Wall -Wextra -Werror "${flags[@]}" -I "$3" "$4" -o "${name%.*}" -L "$prefix/lib" -ltvmtrt -lpthread
  "${run[@]}" "./${name%.*}" "${@:5}" >"${name%.*}.out" 2>&1 || { cat "${name%.*}.out"; echo "$kind: $name fails"; exit 1; }
  count=$((count + 1))
}
for name in misuse arguments artifact calibration regions layout threads; do check gcc c11 "$prefix/include" "$source/tests/c/$name.c"; done
for client in "$source"/tests/abi/clients/*.c; do check gcc c99 "$source/tests/abi/headers" "$client"; done
check g++ c++17 "$prefix/include" "$source/tests/cpp/wrapper.cpp"

# The checker sees what is wrong: a program that reads behind its memory must fail.
printf '#include <stdlib.h>\nint main(void) { volatile char *p = malloc(4); int x = p[4]; free((void *)p); return x ? 0 : 0; }\n' >wrong.c
gcc "${flags[@]}" wrong.c -o wrong
if "${run[@]}" ./wrong >wrong.out 2>&1; then echo "$kind sees nothing wrong in a program that is"; exit 1; fi
echo "$kind: $count programs without a finding"
