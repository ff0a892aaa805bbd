"""Runs the programs of the pages in docs/, as a reader would, on the installed library.

A fenced block with a file's name behind its language is written to that file; `sh` blocks run in the page's order, in one folder; a `text`
block holds what the block before it prints, where `...` stands for anything.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import cases

DOCS = os.path.join(cases.ROOT, "docs")
LIBRARY = os.environ.get("TVMTRT_LIBRARY", "")


def environment(folder):
    """A reader's: the installed command, header and library, and the Python client."""
    # A path without spaces, as readers have it who paste `$(pkg-config ...)`.
    prefix = os.path.join(folder, "installed")
    os.symlink(os.path.dirname(os.path.dirname(LIBRARY)), prefix)
    libraries = os.path.join(prefix, os.path.basename(os.path.dirname(LIBRARY)))
    tools = os.path.join(folder, "tools")
    os.mkdir(tools)
    os.symlink(sys.executable, os.path.join(tools, "python"))
    return {
        **os.environ,
        "PATH": os.pathsep.join([tools, os.path.join(prefix, "bin"), os.environ["PATH"]]),
        "PKG_CONFIG_PATH": os.path.join(libraries, "pkgconfig"),
        "LD_LIBRARY_PATH": libraries,
        "PYTHONPATH": os.pathsep.join([os.path.join(cases.ROOT, "bindings", "python"), *sys.path]),
    }


class Page:
    def __init__(self, test, name, folder):
        self.test, self.folder, self.output, self.ran = test, folder, "", 0
        with open(os.path.join(DOCS, name), encoding="utf-8") as f:
            self.blocks = re.findall(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", f.read(), re.M | re.S)
        self.environment = environment(folder)

    def run(self):
        for language, file, text in self.blocks:
            if file:
                with open(os.path.join(self.folder, file), "w", encoding="utf-8") as f:
                    f.write(text)
            elif language == "sh":
                self.shell(text)
            elif language == "text":
                wanted = ".*".join(re.escape(part) for part in text.split("..."))
                self.test.assertRegex(self.output, re.compile(wanted, re.S), text)
            else:
                self.test.fail(f"a block of {language} is neither a file nor run:\n{text}")

    def shell(self, text):
        done = subprocess.run(["bash", "-ec", text], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        self.test.assertEqual(done.returncode, 0, f"{text}\n{done.stdout}\n{done.stderr}")
        self.output = done.stdout
        self.ran += 1


class Docs(unittest.TestCase):
    def setUp(self):
        self.assertTrue(os.path.exists(LIBRARY), "TVMTRT_LIBRARY names the installed library")
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="docs-", dir=cases.CACHE))  # beside TensorRT, whose files are linked
        self.addCleanup(shutil.rmtree, self.folder)

    def page(self, name):
        page = Page(self, name, self.folder)
        page.run()
        self.assertGreater(page.ran, 0, name)

    def test_resnet18(self):
        for source, target in (("resnet18/model.onnx", "resnet18.onnx"), ("resnet18/a1.input.0.bin", "picture.bin"), ("resnet18_dynamic/model.onnx", "resnet18_dynamic.onnx")):
            os.symlink(os.path.join(cases.CACHE, "networks", source), os.path.join(self.folder, target))
        self.page("resnet18.md")

    def test_install_tensorrt(self):
        """Each way of installing, laid out under a folder that stands for /, with libraries that answer as TensorRT does."""
        with open(os.path.join(DOCS, "install-tensorrt.md"), encoding="utf-8") as f:
            shown = dict(re.findall(r"^```text (\w+)\n(.*?)^```$", f.read(), re.M | re.S))
        rtx, packages = os.path.join(cases.CACHE, "tensorrt-rtx", "lib"), "home/me/venv/lib/python3.11/site-packages"
        # Where its files are, what they hold, and what makes them be found: the loader's folders are as good as LD_LIBRARY_PATH.
        ways = {
            "deb": ("usr/lib/x86_64-linux-gnu", "10.6.0", {"LD_LIBRARY_PATH": "usr/lib/x86_64-linux-gnu"}),
            "rpm": ("usr/lib64", "10.6.0", {"LD_LIBRARY_PATH": "usr/lib64"}),
            "tar": ("home/me/TensorRT-10.6.0.26/lib", "10.6.0", {"TENSORRT_ROOT": "home/me/TensorRT-10.6.0.26"}),
            "jetpack": ("usr/lib/aarch64-linux-gnu", "10.3.0", {"LD_LIBRARY_PATH": "usr/lib/aarch64-linux-gnu"}),
            "pip": (f"{packages}/tensorrt_libs", "10.6.0 alone", {"VIRTUAL_ENV": "home/me/venv"}),
            "rtx": (f"{packages}/tensorrt_rtx_libs", rtx, {"VIRTUAL_ENV": "home/me/venv"}),
            "nowhere": ("home/me/lib", "", {}),
            "named": ("home/me/lib", "10.6.0 alone", {"TVMTRT_TENSORRT_LIBRARY": "home/me/lib/libnvinfer.so.10"}),
        }
        self.assertEqual(sorted(shown), sorted(ways))
        for way, (place, holds, variables) in ways.items():
            with self.subTest(way):
                if holds == rtx and not os.path.exists(rtx):
                    self.skipTest(f"no TensorRT for RTX in {rtx}")
                self.installed(way, place, holds, variables, shown[way])

    def installed(self, way, place, holds, variables, shown):
        root = os.path.join(self.folder, way)
        place = os.path.join(root, place)
        os.makedirs(place)
        if os.path.isdir(holds):
            for file in os.listdir(holds):
                os.link(os.path.join(holds, file), os.path.join(place, file))
        elif holds:
            pretend(place, *holds.split())
        ours = {"HOME": root, "PATH": os.environ["PATH"], **{k: os.path.join(root, v) for k, v in variables.items()}}
        command = os.path.join(os.path.dirname(os.path.dirname(LIBRARY)), "bin", "tvmtrt")
        found = subprocess.run([command, "info"], env=ours, capture_output=True, text=True, check=True).stdout.replace(root, "")
        wanted = ".*".join(re.escape(part) for part in shown.rstrip("\n").split("..."))
        self.assertRegex(found, re.compile("^" + wanted, re.S | re.M), found)

    def test_adding_an_operator(self):
        """Does what the page says to a copy of the sources, runs the tests it names, and a model through that library."""
        # Always the same folder: cargo keeps what it compiles by path.
        target = os.path.join(cases.ROOT, "target")
        copy, out = os.path.join(target, "adding-an-operator", "copy"), os.path.join(target, "adding-an-operator", "out")
        shutil.rmtree(copy, ignore_errors=True)
        for name in ("src", "tests", "benches", "include"):
            shutil.copytree(os.path.join(cases.ROOT, name), os.path.join(copy, name))
        for name in ("Cargo.toml", "Cargo.lock", "build.rs", "README.md"):
            shutil.copy(os.path.join(cases.ROOT, name), copy)
        page = Page(self, "adding-an-operator.md", self.folder)
        for language, file, text in page.blocks:
            path = os.path.join(copy, file)
            if language == "rust":
                self.write(path, text)
            elif language == "diff":
                self.write(path, patched(self, path, text))
        # Dependencies are those of the repository's own tests; only the copied crate is compiled, and not optimised.
        cargo = {"CARGO_TARGET_DIR": out, "CARGO_BUILD_BUILD_DIR": target, "CARGO_PROFILE_DEV_OPT_LEVEL": "0", "CARGO_PROFILE_DEV_DEBUG": "0"}
        page.folder, page.environment = copy, {**os.environ, **cargo, "CARGO_NET_OFFLINE": "true"}
        for language, file, text in page.blocks:
            if language == "sh":
                page.shell(text)
        self.assertEqual(page.ran, 1)
        code = "import test_docs; test_docs.quick_gelu()"
        library = {"TVMTRT_LIBRARY": os.path.join(out, "debug", "libtvmtrt.so"), "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", code], cwd=os.path.dirname(__file__), env={**os.environ, **library}, check=True)

    def write(self, path, text):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


def pretend(place, version, alone=""):
    """A library that answers this version; as in all but Python packages, the usual name is a link to the full one."""
    major, minor, patch = map(int, version.split("."))
    code = f"int getInferLibVersion(void) {{ return {major * 10000 + minor * 100 + patch}; }} void *createInferRuntime_INTERNAL(void *l, int v) {{ return 0; }}"
    name = f"libnvinfer.so.{major if alone else version}"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", os.path.join(place, name)], input=code, text=True, check=True)
    if not alone:
        os.symlink(name, os.path.join(place, f"libnvinfer.so.{major}"))


def patched(test, path, diff):
    """A file after a diff without line numbers: each part must stand in it exactly once."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for part in diff.split("@@\n")[1:]:
        lines = part.splitlines(keepends=True)
        before, after = ("".join(line[1:] or "\n" for line in lines if line[0] not in drop) for drop in "+-")
        test.assertEqual(text.count(before), 1, f"{path} does not hold this once:\n{before}")
        text = text.replace(before, after)
    return text


def quick_gelu():
    """A model with the page's operator, through the library that has it."""
    import numpy as np
    import tvmtrt
    from onnx import TensorProto, helper

    sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 4]) for n in "xy"]
    node = helper.make_node("QuickGelu", ["x"], ["y"], domain="com.microsoft", alpha=1.5)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(helper.make_graph([node], "g", sides[:1], sides[1:]), opset_imports=opsets, ir_version=8)
    partition = tvmtrt.Partition(tvmtrt.Model(model.SerializeToString()), options={"tensorrt_version": "10.6"})
    assert partition.regions == 1 and "nn.quick_gelu" in partition.explain() + str(partition.region_json(0))
    x = np.linspace(-4, 4, 12, dtype=np.float32).reshape(3, 4)
    (y,) = tvmtrt.Session(tvmtrt.Build(partition)).run([x]).values()
    np.testing.assert_allclose(y, x / (1 + np.exp(-1.5 * x)), rtol=1e-5, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
