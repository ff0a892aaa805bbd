"""The shared library as a file: what it needs, what it exports, what it is called."""

import os
import re
import subprocess
import unittest

import cases
import tvmtrt

LIBRARY = os.path.realpath(os.environ.get("TVMTRT_LIBRARY", os.path.join(cases.ROOT, "target/release/libtvmtrt.so")))


def tool(*command):
    return subprocess.run([*command, LIBRARY], check=True, capture_output=True, text=True).stdout


class Library(unittest.TestCase):
    def test_needs_only_the_system(self):
        needed = set(re.findall(r"NEEDED +(\S+)", tool("objdump", "-p")))
        allowed = {"libc.so.6", "libm.so.6", "libgcc_s.so.1"} | {n for n in needed if n.startswith("ld-linux")}
        self.assertLessEqual(needed, allowed)

    def test_name(self):
        self.assertEqual(re.findall(r"SONAME +(\S+)", tool("objdump", "-p")), ["libtvmtrt.so.0"])

    def test_exports_are_those_of_the_header(self):
        exported = {line.split()[-1] for line in tool("nm", "-D", "--defined-only").splitlines()}
        with open(os.path.join(cases.ROOT, "include", "tvmtrt.h"), encoding="utf-8") as f:
            text = re.sub(r"/\*.*?\*/|//[^\n]*", "", f.read(), flags=re.S)
        declared = set(re.findall(r"\b(tvmtrt_\w+)\s*\((?!\*)", text))
        self.assertEqual(exported, declared)

    def test_version(self):
        with open(os.path.join(cases.ROOT, "Cargo.toml"), encoding="utf-8") as f:
            self.assertEqual(tvmtrt.version(), re.search(r'^version = "(.*)"', f.read(), re.M).group(1))


if __name__ == "__main__":
    unittest.main()
