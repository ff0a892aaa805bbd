"""Turns the public headers of one TensorRT version into facts: slots, signatures, enum values, layouts.

Every slot is read twice, from the compiler's debug information and from pointers to virtual members, and the two must agree.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import dwarf

SOURCE = '#include "NvInfer.h"\n#include "NvInferPlugin.h"\n'
CUDA = "typedef struct CUevent_st *cudaEvent_t; typedef struct CUstream_st *cudaStream_t;\n"
SPACE = "nvinfer1::"
STRUCTS = ["Dims", "Weights", "Permutation", "InterfaceInfo", "PluginField", "PluginFieldCollection", "PluginTensorDesc"]
# Interfaces of removed or superseded features that nothing here calls: calibration, algorithm selection, what plugins before V3 hold.
LEFT_OUT = re.compile(r"IInt8|IAlgorithmSelector|IPluginV2[A-Z]|ILoggerFinder")


@dataclass
class Version:
    """One version's facts, by names without namespaces."""

    rtx: bool
    number: tuple
    methods: dict  # class -> [dwarf.Virtual]
    destructors: dict  # interface -> first of two slots, or None
    holders: dict  # implementation class -> (wrapper class, offset)
    enums: dict  # enum -> [(enumerator, value)]
    structs: dict  # struct -> (size, [(member, offset)])
    interfaces: dict  # interface -> (kind, major, minor)

    @property
    def key(self):
        return (self.rtx, self.number)


def short(name):
    """A class name without namespaces; the second version of an interface gets its version as a suffix."""
    name = name.removeprefix(SPACE).removeprefix("apiv::").removeprefix("v_1_0::").replace("::", "")
    return re.sub(r"^v_2_0(.*)$", r"\1V2", name)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check_slots(model, folder, flags, classes):
    """Compares the slots with pointers to virtual members; returns the version that the headers give themselves."""
    lines = []
    for name in classes:
        declared = model.declared(name)
        for v in declared:
            if sum(w.name == v.name for w in declared) == 1:
                lines.append(f'check("{name}::{v.name}", slot(&{name}::{v.name}), {v.slot});')
    source = Path(folder, "check.cc")
    source.write_text(
        SOURCE
        + """#include <cstdio>
#include <cstring>
template <class F> long slot(F f) { long v[2]; std::memcpy(v, &f, sizeof v); return (v[0] - 1) / 8; }
static int wrong = 0;
static void check(char const* what, long is, long said) {
    if (is != said) { std::fprintf(stderr, "%s: slot %ld, debug information says %ld\\n", what, is, said); wrong = 1; }
}
int main() {
    std::printf("%d %d %d", NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR, NV_TENSORRT_PATCH);
    """
        + "\n    ".join(lines)
        + "\n    return wrong;\n}\n"
    )
    program = str(Path(folder, "check"))
    run("g++", *flags, "-fno-access-control", "-o", program, str(source))
    return tuple(int(n) for n in run(program).split())


def interface_names(folder):
    """What each interface answers when asked for its kind and version."""
    out, current = {}, None
    for header in sorted(folder.glob("*.h")):
        for line in header.read_text(errors="replace").splitlines():
            if head := re.match(r"\s*class (I\w+)\b(?!;)", line):
                current = head.group(1)
            if answer := re.search(r'return (?:InterfaceInfo)?\{ ?"([^"]+)", (\d+), (\d+)\}', line):
                name = current + ("V2" if answer.group(2) == "2" else "")
                out[name] = (answer.group(1), int(answer.group(2)), int(answer.group(3)))
    return out


def destructors(folder, model, classes):
    """First slot of each class's two destructors: where the other virtual members leave a gap of two; None without any.

    The number of entries is the compiler's own account of the table, so a member that was overlooked cannot pass for a gap.
    """
    text = next(Path(folder).glob("*.class")).read_text()
    entries = dict(re.findall(r"^Vtable for (\S+)\n\S+: (\d+) entries$", text, re.M))
    out = {}
    for name in classes:
        used = {v.slot for v in model.virtuals(name)}
        # Before the members stand the offset to the top and the type information.
        rest = int(entries[name]) - 2 - len(used)
        if rest not in (0, 2):
            raise SystemExit(f"{name}: {entries[name]} table entries but {len(used)} virtual members")
        gap = next(s for s in range(len(used) + 1) if s not in used and s + 1 not in used)
        out[short(name)] = gap if rest else None
    return out


def held(model, name):
    """(implementation class, offset) of each implementation that a wrapper class holds a pointer to."""
    members = model.members(name)
    return [(t.to.name, at) for _, at, t in members if t.kind == "pointer" and t.to.name.startswith(SPACE + "apiv::V")]


def read(folder, work):
    """The facts of the headers in `folder`; `work` is an empty folder for what is compiled."""
    Path(work, "cuda_runtime_api.h").write_text(CUDA)
    source = Path(work, "all.cc")
    source.write_text(SOURCE)
    flags = ["-w", "-std=c++17", f"-I{work}", f"-I{folder}"]
    debug = ["-g", "-gdwarf-4", "-femit-class-debug-always", "-fno-eliminate-unused-debug-types"]
    target = str(Path(work, "all.o"))
    run("g++", *flags, *debug, "-fdump-lang-class", "-dumpdir", f"{work}/", "-c", str(source), "-o", target)
    model = dwarf.Model(target)
    ours = [n for n in model.classes if n.startswith(SPACE) and "<" not in n and "plugin::" not in n]
    virtual = [n for n in ours if model.declared(n)]
    wrappers = [n for n in ours if not short(n).startswith("V")]
    implementations = [n for n in virtual if short(n).startswith("V")]
    interfaces = [n for n in virtual if n not in implementations and not LEFT_OUT.search(short(n))]
    # Wrappers whose few own virtual members exist only for an old version's table.
    interfaces = [n for n in interfaces if short(n) not in ("IBuilderConfig", "INetworkDefinition", "IVersionedInterface")]
    gaps = destructors(work, model, implementations + interfaces)
    if set(destructors(work, model, [n for n in wrappers if held(model, n)]).values()) != {0}:
        raise SystemExit("a wrapper's destructor is not first in its table")
    number = check_slots(model, work, flags, implementations + interfaces)
    holders = {}
    for name in wrappers:
        for kind, offset in held(model, name):
            if short(kind) in holders:
                raise SystemExit(f"{kind} is held by two classes")
            holders[short(kind)] = (short(name), offset)
    enums = [n for n in model.enums if n.startswith(SPACE) and "plugin::" not in n]
    return Version(
        rtx=Path(folder).name.startswith("rtx"),
        number=number,
        methods={short(n): model.virtuals(n) for n in implementations + interfaces if short(n) in holders or n in interfaces},
        destructors={short(n): gaps[short(n)] for n in interfaces},
        holders=holders,
        enums={short(n): model.enumerators(n) for n in enums},
        structs={n: model.struct(SPACE + n) for n in STRUCTS if SPACE + n in {**model.classes, **model.typedefs}},
        interfaces=interface_names(Path(folder)),
    )
