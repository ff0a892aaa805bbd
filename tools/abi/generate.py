#!/usr/bin/env python3
"""Writes src/tensorrt/abi/{versions,methods,interfaces,enums}.rs from a tar archive of TensorRT's public headers.

    generate.py HEADERS.tar.xz            write the tables
    generate.py HEADERS.tar.xz --check    compare them with those that are there; exit status 1 where they differ

The archive holds one folder of headers per version (`10.6.0/NvInfer.h`; TensorRT for RTX as `rtx-1.7/...`). Needs g++ and readelf.
"""

import argparse
import sys
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import headers
import render

TABLES = Path(__file__).resolve().parents[2] / "src" / "tensorrt" / "abi"


def read(folder):
    with tempfile.TemporaryDirectory() as work:
        return headers.read(folder, work)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the tables differ")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as unpacked:
        with tarfile.open(options.archive) as archive:
            archive.extractall(unpacked, filter="data")
        folders = sorted(p.parent for p in Path(unpacked).glob("*/NvInfer.h"))
        with ThreadPoolExecutor() as pool:
            versions = sorted(pool.map(read, folders), key=lambda v: v.key)
    files, left_out = render.files(versions)
    differing = [n for n, text in files.items() if not (TABLES / n).exists() or (TABLES / n).read_text() != text]
    if options.check:
        for name in differing:
            print(f"{name} differs from what the headers say", file=sys.stderr)
        sys.exit(1 if differing else 0)
    TABLES.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (TABLES / name).write_text(text)
    for method in sorted(left_out):
        print(f"left out: {method}", file=sys.stderr)
    print(f"{len(versions)} versions, {', '.join(f'{n} {len(t.splitlines())} lines' for n, t in files.items())}")


if __name__ == "__main__":
    main()
