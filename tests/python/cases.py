"""Reads the cases that tests/models wrote to .cache/, and compares outputs with what is stored."""

import json
import os
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(ROOT, ".cache")
for folder in ("bindings/python", "scripts"):
    sys.path.insert(0, os.path.join(ROOT, folder))


def dtype(name):
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


class Folder:
    """One case folder; `cases` yields (entry, inputs, outputs) with name-to-array dicts."""

    def __init__(self, *path):
        self.path = os.path.join(CACHE, *path)
        self.name = os.path.basename(self.path)
        with open(os.path.join(self.path, "index.json"), encoding="utf-8") as f:
            self.index = json.load(f)
        self.model = os.path.normpath(os.path.join(self.path, self.index["model"]))

    def cases(self):
        for entry in self.index["cases"]:
            yield entry, self._arrays(entry["inputs"]), self._arrays(entry["outputs"])

    def _arrays(self, tensors):
        read = lambda t: np.fromfile(os.path.join(self.path, t["file"]), dtype(t["dtype"])).reshape(t["shape"])  # noqa: E731
        return {t["name"]: read(t) for t in tensors}


def folders(kind):
    """Every case folder of a kind, "networks" or "cases"."""
    place = os.path.join(CACHE, kind)
    names = sorted(n for n in os.listdir(place) if os.path.exists(os.path.join(place, n, "index.json")))
    assert names, f"{place} is empty; scripts/test makes what belongs there"
    return [Folder(kind, n) for n in names]


def differs(got, want, rtol=1e-3, atol=1e-4):
    """None, or how the array differs; atol is taken times the greatest finite wanted value."""
    if got.dtype != want.dtype or got.shape != want.shape:
        return f"got {got.dtype}{list(got.shape)}, want {want.dtype}{list(want.shape)}"
    if want.dtype.kind in "iub":
        wrong = got != want
        error = "elements differ"
    else:
        got, want = got.astype(np.float64), want.astype(np.float64)
        scale = np.abs(want[np.isfinite(want)]).max(initial=0)
        with np.errstate(invalid="ignore"):
            off = np.abs(got - want)
        wrong = ~((got == want) | (np.isnan(got) & np.isnan(want)) | (off <= rtol * np.abs(want) + atol * scale))
        error = f"elements differ, by {np.nanmax(off[wrong], initial=0):.3g} at most of {scale:.3g}"
    return f"{wrong.sum()} of {wrong.size} {error}" if wrong.any() else None
