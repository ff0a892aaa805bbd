#!/usr/bin/env bash
# ThreadSanitizer over tests/c/threads.c, 32 threads that share a build: the C side, the whole library, its dependencies and Rust's std are
# compiled with it, so that every access but those of machine code made at run time is seen. Needs Rust's source (rustup's rust-src).
#
#   race.sh SOURCE OUTPUT [MODEL.onnx]
set -euo pipefail
source=$1 output=$2
target=x86_64-unknown-linux-gnu
sysroot=$(rustc --print sysroot)
runtime=$(ls "$sysroot/lib/rustlib/$target/lib/"*_rt.tsan.a 2>/dev/null || true)
skip() { echo "SKIP thread sanitizer: $1"; exit 77; }
[ "$(uname -m)" = x86_64 ] || skip "only x86-64 is set up"
[ -e "$sysroot/lib/rustlib/src/rust/library/std/Cargo.toml" ] || skip "there is no source of Rust's std: rustup component add rust-src"
[ -n "$runtime" ] || skip "this Rust comes without the sanitizer's runtime"
unset TVMTRT_TENSORRT_LIBRARY
rm -rf "$output" && mkdir -p "$output" && cd "$output"

# RUSTC_BOOTSTRAP lets a stable compiler build std anew with the sanitizer; nothing of it is shipped. Without optimisation it builds
# in a third of the time. Neither TensorRT nor CUDA is opened here.
(cd "$source" && RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=thread cargo build --locked --quiet --lib -Zbuild-std --target $target \
  --target-dir target/tsan --no-default-features --features import,compiler,cpu-jit \
  --config 'profile.dev.package."*".opt-level=0' --config profile.dev.opt-level=0)
made=$source/target/tsan/$target/debug
ln -sf "$made/libtvmtrt.so" libtvmtrt.so.0

link() { # object program: with Rust's runtime, which is newer than gcc's
  g++ "$1" -o "$2" -Wl,--whole-archive "$runtime" -Wl,--no-whole-archive -Wl,--export-dynamic "${@:3}" -lpthread -ldl -lm -lrt
}
gcc -std=c11 -g -O1 -fsanitize=thread -Wall -Wextra -Werror -I "$source/include" -c "$source/tests/c/threads.c" -o threads.o
link threads.o threads libtvmtrt.so.0 -Wl,-rpath,"$PWD"
export TSAN_OPTIONS="halt_on_error=1 exitcode=66"
./threads
[ $# -lt 3 ] || ./threads "$3"

# The checker sees a race.
printf '#include <pthread.h>\nint n;\nvoid *f(void *p) { for (int i = 0; i < 100000; i++) n++; return p; }\nint main(void) { pthread_t t; pthread_create(&t, 0, f, 0); f(0); pthread_join(t, 0); return 0; }\n' >racy.c
gcc -g -O0 -fsanitize=thread -c racy.c -o racy.o
link racy.o racy
status=0
./racy >racy.out 2>&1 || status=$?
[ $status = 66 ] || { echo "the sanitizer sees no race in a program that has one (status $status)"; exit 1; }
echo "no race among 32 threads"
