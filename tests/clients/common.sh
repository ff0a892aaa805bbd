# For the scripts beside this file: where the installed library is, and what a tool that is missing means. Sourced, in bash.
#
#   TVMTRT_PREFIX     an installed tvmtrt: lib/libtvmtrt.so, include/tvmtrt.h, lib/pkgconfig (default: what ctest has unpacked in build/)
#   TVMTRT_REQUIRE    with `clients` in it, a tool that is missing is a failure and no SKIP
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
prefix=${TVMTRT_PREFIX:-$(echo "$root"/build/unpacked/*/tvmtrt-*-linux)}
for folder in lib lib64 "lib/$(uname -m)-linux-gnu"; do
  if [ -e "$prefix/$folder/libtvmtrt.so" ]; then libdir=$prefix/$folder; fi
done
[ -n "${libdir:-}" ] || { echo "no libtvmtrt.so in $prefix: TVMTRT_PREFIX names where tvmtrt is installed" >&2; exit 1; }
cache=$root/.cache/clients
mkdir -p "$cache"
work=$(mktemp -d "$cache/run.XXXXXX")
trap 'rm -rf "$work"' EXIT
exec 8>"$cache/lock" && flock 8 # two runs share what they download

need() { # tool package: ends the script where the tool is missing; ctest takes 77 for a SKIP
  command -v "$1" >/dev/null && return
  echo "SKIP: there is no $1; scripts/setup installs it (Debian package $2)"
  case ",${TVMTRT_REQUIRE:-}," in *,clients,*) exit 1 ;; *) exit 77 ;; esac
}

steps() { # log: every step of the scenario has been printed; progress needs a TensorRT that builds here
  local name
  for name in $(sed -n 's/^    {"name": "\([a-z_]*\)", "does".*/\1/p' "$here/scenario.json"); do
    if [ "$name" = progress ] && [[ "${TVMTRT_TENSORRT_LIBRARY:-}" != *rtx* ]]; then
      echo "SKIP: step progress: TVMTRT_TENSORRT_LIBRARY names no TensorRT for RTX"
    elif ! grep -qx "step $name" "$1"; then
      echo "step $name of the scenario did not run" >&2
      return 1
    fi
  done
}
