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
    prefix, libraries = os.path.dirname(os.path.dirname(LIBRARY)), os.path.dirname(LIBRARY)
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
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def page(self, name):
        page = Page(self, name, self.folder)
        page.run()
        self.assertGreater(page.ran, 0, name)

    def test_resnet18(self):
        for source, target in (("resnet18/model.onnx", "resnet18.onnx"), ("resnet18/a1.input.0.bin", "picture.bin"), ("resnet18_dynamic/model.onnx", "resnet18_dynamic.onnx")):
            os.symlink(os.path.join(cases.CACHE, "networks", source), os.path.join(self.folder, target))
        self.page("resnet18.md")


if __name__ == "__main__":
    unittest.main()
