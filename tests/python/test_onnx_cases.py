"""Every small ONNX model of tests/models through the C API, from file to outputs, against what is stored."""

import collections
import re
import unittest

import cases
import tvmtrt

UNSUPPORTED_OPERATOR = 102
# Operators that the importer does not know yet. One that it knows must leave this list: the test fails until it does.
NOT_YET = set("""""".split())
# Cases that are known to fail, with the reason; one that passes must leave this list.
SKIPS = {}


class OnnxCases(unittest.TestCase):
    def check(self, folder):
        """None, or how the case fails."""
        tolerance = {k: folder.index[k] for k in ("rtol",) if k in folder.index}
        model = tvmtrt.Model(folder.model)
        partition = tvmtrt.Partition(model, {}, {"offload": "off"})
        session = tvmtrt.Session(tvmtrt.Build(partition))
        for entry, inputs, wanted in folder.cases():
            got = session.run(inputs)
            for name, want in wanted.items():
                wrong = cases.differs(got[name], want, **tolerance)
                if wrong:
                    return f"data set {entry['name']}, {name}: {wrong}"
        return None

    def test_all(self):
        failures, passed, unknown, stale = {}, 0, collections.Counter(), []
        for folder in cases.folders("cases"):
            operators = set(folder.index["operators"])
            try:
                wrong = self.check(folder)
            except tvmtrt.Error as e:
                wrong = str(e)
                if e.code == UNSUPPORTED_OPERATOR and operators & NOT_YET:
                    unknown.update(operators & NOT_YET)
                    continue
            if wrong is None and folder.name in SKIPS:
                stale.append(folder.name)
            elif wrong is None:
                passed += 1
            elif folder.name not in SKIPS:
                failures[folder.name] = wrong
        print(f"ONNX cases: {passed} passed, {len(failures)} failed, {len(SKIPS)} skipped, {unknown.total()} use operators that are not known yet")
        kinds = collections.Counter(re.sub(r"\d+", "#", re.sub(r"'[^']*'", "'...'", w)) for w in failures.values())
        report = "\n".join([f"{n} x {k}" for k, n in kinds.most_common(12)] + [f"{k}: {v}" for k, v in list(failures.items())[:60]])
        self.assertFalse(failures, "\n" + report)
        self.assertEqual(stale, [], "these pass now: take them out of SKIPS")
        self.assertEqual(sorted(NOT_YET - set(unknown)), [], "these are known now: take them out of NOT_YET")


if __name__ == "__main__":
    unittest.main()
