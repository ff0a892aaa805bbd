"""Puts libtvmtrt.so into the wheel and says which systems it runs on. It builds nothing: cargo has done that."""

import os
import platform
import re

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        library = os.environ.get("TVMTRT_LIBRARY") or os.path.join(self.root, "..", "..", "target", "release", "libtvmtrt.so")
        if not os.path.exists(library):
            raise FileNotFoundError(f"{library} is not there: run cargo build --release, or name the file in TVMTRT_LIBRARY")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(library)}"
        build_data["force_include"][os.path.realpath(library)] = "tvmtrt/libtvmtrt.so.0"


def platform_tag(library):
    """manylinux by the newest symbol of glibc that the library asks for; besides libc it needs only what every Linux has."""
    with open(library, "rb") as f:
        found = re.findall(rb"\0GLIBC_2\.(\d+)(?:\.\d+)?(?=\0)", f.read())
    if not found:
        raise ValueError(f"{library} names no version of glibc")
    return f"manylinux_2_{max(int(n) for n in found)}_{platform.machine()}"
