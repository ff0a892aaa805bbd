"""Writes the facts of all versions as Rust tables: one row per (class, method, signature), its slot as runs over the versions.

A run is a version's index and the slot that holds from there on; `!` means that the method is absent from there on.
"""

import re
from collections import defaultdict

WIDTH = 140
# Interfaces that the library implements and we call; all others we implement and the library calls.
CALLED = {"IPluginRegistry", "IPluginCreator", "IPluginCreatorV3One", "IPluginV2"}
STRUCTS = {"Dims32", "Dims64", "Weights", "Permutation", "InterfaceInfo"}
HEAD = """//! {what}
//! Written by tools/abi from TensorRT's public headers; not to be edited by hand.

"""


class Unknown(Exception):
    """A type that has no Rust form here; its method is left out."""


def snake(name):
    """A C++ name in Rust's case; names with a capital of their own are spelled as words first."""
    for word in ("MoE", "ReLU", "KVCache", "RNNv2", "GPU", "DLA"):
        name = name.replace(word, word.capitalize())
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return {"move": "move_", "type": "type_", "loop": "loop_"}.get(name, name)


def variant(name):
    """An enumerator's name in Rust's case: kGPU_FALLBACK is GpuFallback."""
    return "".join(part.capitalize() for part in re.sub(r"^k(?=[A-Z0-9_])", "", name).split("_"))


def integer(name, size):
    if name in ("float", "double"):
        return "f32" if size == 4 else "f64"
    if name == "bool":
        return "bool"
    unsigned = "unsigned" in name or name == "char16_t"
    return ("u" if unsigned else "i") + str(8 * size)


def struct(t):
    """The Rust struct of a class passed as such: DimsHW and its like add nothing to Dims."""
    name = t.name.removeprefix("nvinfer1::")
    if name.startswith("Dims") and name != "DimsExprs":
        name = {36: "Dims32", 72: "Dims64"}[t.size]
    return name if name in STRUCTS else None


def rust(t):
    """The Rust form of a C++ type in a signature. P is an untyped pointer, S a C string."""
    if t.kind == "void":
        return "()"
    if t.kind in ("base", "enum"):
        return integer(t.name, t.size)
    if t.kind == "class":
        if struct(t) is None:
            raise Unknown(t.name)
        return struct(t)
    if t.kind not in ("pointer", "reference"):
        raise Unknown(t.kind)
    to, access = t.to, "*const " if t.to.const else "*mut "
    if to.kind == "base" and to.name == "char":
        return "S" if to.const else "*mut i8"
    if to.kind in ("base", "enum"):
        return access + integer(to.name, to.size)
    if to.kind == "pointer":
        return access + rust(to)
    if to.kind == "class" and struct(to):
        return access + struct(to)
    return "P"


def canonical(forms, reference):
    """The one Rust form that a caller uses for an argument with these forms in different versions; None if there is none."""
    if forms <= {"Dims32", "*const Dims32", "*const Dims64"} and (reference or "Dims32" in forms):
        return "&Dims"
    if forms == {"i32", "i64"}:
        return "i64"
    return forms.pop() if len(forms) == 1 else None


def runs(by_version, count, absent="!"):
    """`index value` wherever the value differs from that of the version before."""
    out, last = [], absent
    for i in range(count):
        now = by_version.get(i, absent)
        if now != last:
            out.append(f"{i} {now}")
            last = now
    return ", ".join(out)


def parameters(virtual):
    """The parameter part of a mangled name, and K for a const method: what tells overloads apart."""
    name = f"{len(virtual.name)}{virtual.name}E"
    head, _, tail = virtual.mangled.partition(name)
    return ("K" if head.startswith("_ZNK") else "") + tail


class Row:
    """One signature of one method and its slots."""

    def __init__(self, virtual):
        self.name = virtual.name
        self.mangled = parameters(virtual)
        self.arguments = [rust(t) for t in virtual.parameters]
        self.references = [t.kind in ("reference", "class") for t in virtual.parameters]
        self.result = rust(virtual.result)
        self.slots = {}

    def signature(self, names):
        listed = ", ".join(f"{n}: {t}" for n, t in zip(names, self.arguments))
        return f"({listed}) -> {self.result}"


def rows(versions):
    """class -> method -> rows, in order of first appearance; methods with a type without Rust form are counted and left out."""
    out, left_out = defaultdict(lambda: defaultdict(dict)), set()
    for index, version in enumerate(versions):
        for name, methods in version.methods.items():
            for virtual in methods:
                try:
                    row = Row(virtual)
                except Unknown as missing:
                    left_out.add(f"{name}::{virtual.name} ({missing})")
                    continue
                key = (row.mangled, row.result)
                out[name][virtual.name].setdefault(key, row).slots[index] = virtual.slot
    return {c: {m: merged(list(r.values())) for m, r in ms.items()} for c, ms in out.items()}, left_out


def disjoint(a, b):
    """Whether no version has both rows: otherwise they are two overloads."""
    return not a.slots.keys() & b.slots.keys()


def merged(found):
    """One row for signatures that differ only in the namespaces of what they point to."""
    out = []
    for row in found:
        for kept in out:
            if (kept.arguments, kept.result) == (row.arguments, row.result) and disjoint(kept, row):
                kept.slots.update(row.slots)
                kept.mangled += "|" + row.mangled
                break
        else:
            out.append(row)
    return out


def groups(found):
    """Rows of one method that one caller can serve: equal but for widths and for how Dims are passed."""
    out = []
    for row in found:
        for group in out:
            same = len(group[0].arguments) == len(row.arguments) and all(disjoint(r, row) for r in group)
            if same and unified(group + [row]):
                group.append(row)
                break
        else:
            out.append([row])
    return out


def unified(group):
    """([argument], result) of the caller of a group, or None."""
    arguments = []
    for i in range(len(group[0].arguments)):
        form = canonical({r.arguments[i] for r in group}, all(r.references[i] for r in group))
        if form is None:
            return None
        arguments.append(form)
    results = {r.result for r in group}
    if results <= {"Dims32", "Dims64"}:
        return arguments, "Dims"
    for several, one in (({"i32", "i64"}, "i64"), ({"()", "bool"}, "bool")):
        results = {one} if results == several else results
    result = results.pop() if len(results) == 1 else None
    return (arguments, result) if result else None


def letters(count):
    return [chr(ord("a") + i) for i in range(count)]


def caller_name(method, index, group, taken):
    """The Rust name of a group's caller: the method's, and for a further overload its number of arguments."""
    name = snake(method) if index == 0 else f"{snake(method)}_of_{len(group[0].arguments)}"
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def methods_file(versions, table):
    """The classes that we call."""
    out = [HEAD.format(what="Every method that can be called, with its slot in each version."), "use crate::tensorrt::abi::call::classes;\n\n"]
    out.append("classes! {\n")
    for name in sorted(n for n in table if n.startswith("V") or n in CALLED):
        holders = {v.holders[name] for v in versions if name in v.holders} or {(name, "-")}
        offsets = runs({i: v.holders[name][1] for i, v in enumerate(versions) if name in v.holders}, len(versions))
        wrapper = sorted(holders)[0][0]
        out.append(f"    {wrapper} {snake(name[1:])} [{offsets}] {{\n")
        taken = set()
        for method, found in sorted(table[name].items()):
            for index, group in enumerate(groups(found)):
                arguments, result = unified(group)
                names = letters(len(arguments))
                head = ", ".join(f"{n}: {t}" for n, t in zip(names, arguments))
                head = f'        {caller_name(method, index, group, taken)}({head}) -> {result} = "{method}" {{'
                inner = [f'{row.signature(names)}; "{row.mangled}" [{runs(row.slots, len(versions))}]' for row in group]
                line = f"{head} {' '.join(inner)} }}"
                out.append(f"{line}\n" if len(line) <= WIDTH else "\n            ".join([head, *inner]) + "\n        }\n")
        out.append("    }\n")
    out.append("}\n")
    return "".join(out)


def interfaces_file(versions, table):
    """The interfaces that we implement."""
    what = "The interfaces that the library calls and we implement, with the place of each method in each version."
    out = [HEAD.format(what=what), "use crate::tensorrt::abi::call::interfaces;\n\ninterfaces! {\n"]
    for name in sorted(n for n in table if not n.startswith("V") and n not in CALLED):
        known = [v.interfaces[name] for v in versions if name in v.interfaces]
        kind, major, minor = known[-1] if known else (name, 1, 0)
        gaps = {i: v.destructors[name] for i, v in enumerate(versions) if v.destructors.get(name) is not None}
        out.append(f'    {name} {snake(name[1:])} "{kind}" {major} {minor} [{runs(gaps, len(versions))}] {{\n')
        taken = set()
        for method, found in sorted(table[name].items()):
            for index, row in enumerate(found):
                fn = caller_name(method, index, [row], taken)
                arguments = ", ".join(["P", *row.arguments])
                out.append(f'        {fn}({arguments}) -> {row.result} = "{method}" "{row.mangled}" [{runs(row.slots, len(versions))}]\n')
        out.append("    }\n")
    out.append("}\n")
    return "".join(out)


def enums_file(versions):
    """Enum values."""
    out = [HEAD.format(what="Values of TensorRT's enums in each version."), "use crate::tensorrt::abi::values::enums;\n\nenums! {\n"]
    for name in sorted({n for v in versions for n in v.enums}):
        values = defaultdict(dict)
        for index, version in enumerate(versions):
            for enumerator, value in version.enums.get(name, []):
                values[enumerator][index] = value
        out.append(f"    {name} {{\n")
        for enumerator, by_version in values.items():
            out.append(f'        {variant(enumerator)} = "{enumerator}" [{runs(by_version, len(versions))}]\n')
        out.append("    }\n")
    out.append("}\n")
    return "".join(out)


def versions_file(versions):
    """The versions themselves, and the layouts of their structs."""
    out = [HEAD.format(what="The versions that have tables, oldest first, and the layout of TensorRT's structs in each.")]
    out.append("use crate::network::capabilities::Flavour;\nuse crate::tensorrt::abi::layout::layouts;\nuse crate::tensorrt::abi::version::Release;\n\n")
    out.append("/// The versions that have tables: TensorRT's, then those of TensorRT for RTX. Runs count in this order.\n")
    out.append("#[rustfmt::skip]\npub static VERSIONS: &[Release] = &[\n")
    for v in versions:
        out.append(f"    Release::new(Flavour::{'Rtx' if v.rtx else 'Full'}, {', '.join(map(str, v.number))}),\n")
    out.append("];\n\nlayouts! {\n")
    for name in sorted({n for v in versions for n in v.structs}):
        sizes, members = {}, defaultdict(dict)
        for index, version in enumerate(versions):
            if name in version.structs:
                sizes[index], listed = version.structs[name]
                for member, offset in listed:
                    members[member][index] = offset
        inner = " ".join(f'"{m}" [{runs(o, len(versions))}]' for m, o in members.items())
        out.append(f"    \"{name}\" [{runs(sizes, len(versions))}] {{ {inner} }}\n")
    out.append("}\n")
    return "".join(out)


def files(versions):
    """File name -> text, and the methods that were left out."""
    table, left_out = rows(versions)
    out = {
        "methods.rs": methods_file(versions, table),
        "interfaces.rs": interfaces_file(versions, table),
        "enums.rs": enums_file(versions),
        "versions.rs": versions_file(versions),
    }
    return out, left_out
