#!/usr/bin/env bash
# Builds each example by pkg-config with gcc and clang, by each standard: those in C from C99 to C17 and as C++11 to C++20, those in C++ from
# C++17. Warnings are errors. Links, and does not run: standards.sh SOURCE_FOLDER OUTPUT_FOLDER
set -euo pipefail
mkdir -p "$2"
eval "flags=($(pkg-config --cflags --libs tvmtrt))"
count=0
compile() { # compiler language standard source
  "$1" -x "$2" "-std=$3" -Wall -Wextra -Wpedantic -Werror "$4" -x none -o "$2_$3" "${flags[@]}" -lm -ldl
  count=$((count + 1))
}
cd "$2"
for compiler in gcc clang; do
  command -v $compiler >/dev/null || { echo "SKIP $compiler: there is none here"; continue; }
  cxx=${compiler/gcc/g}++
  [ $compiler = gcc ] || cxx=clang++
  for source in "$1"/examples-c/*/*.c; do
    for standard in c99 c11 c17; do compile $compiler c $standard "$source"; done
    for standard in c++11 c++14 c++17 c++20; do compile $cxx c++ $standard "$source"; done
  done
  for source in "$1"/examples-cpp/*/*.cpp; do
    for standard in c++17 c++20; do compile $cxx c++ $standard "$source"; done
  done
done
echo "$count programs built"
