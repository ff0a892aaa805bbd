"""Reads the classes, enums and structs of one compiled C++ file from its debug information (`readelf --debug-dump=info`).

Knows DWARF and the Itanium C++ ABI; must not know which library the classes belong to.
"""

import re
import subprocess
from dataclasses import dataclass, field

ENTRY = re.compile(r"^ <(\d+)><([0-9a-f]+)>: Abbrev Number: (\d+)(?: \((DW_TAG_\w+)\))?")
ATTRIBUTE = re.compile(r"^    <[0-9a-f]+>\s+DW_AT_(\w+)\s*: (.*)$")


@dataclass
class Entry:
    """One debug information entry and its children."""

    tag: str
    attributes: dict
    parent: "Entry | None"
    children: list = field(default_factory=list)

    @property
    def name(self):
        return self.attributes.get("name")

    def reference(self, key):
        """The offset that the attribute `key` refers to, or None."""
        text = self.attributes.get(key)
        return int(re.match(r"<0x([0-9a-f]+)>", text).group(1), 16) if text else None

    def number(self, key):
        """The attribute `key` as a number, or None."""
        text = self.attributes.get(key)
        return int(text.split()[0], 0) if text else None

    def scope(self):
        """The qualified name, without anonymous scopes."""
        parts, entry = [], self
        while entry is not None and entry.tag != "DW_TAG_compile_unit":
            parts.append(entry.name or "")
            entry = entry.parent
        return "::".join(p for p in reversed(parts) if p)


def plain(text):
    """An attribute's value without readelf's notes of its form and place."""
    text = re.sub(r"^\([a-z_0-9]+\) ?", "", text)
    text = re.sub(r"^\(offset: (?:0x)?[0-9a-f]+\): ", "", text)
    return text.strip()


def read(path):
    """All entries of an object file by offset."""
    dump = subprocess.run(["readelf", "--debug-dump=info", "-W", path], check=True, capture_output=True, text=True).stdout
    entries, stack, current = {}, [], None
    for line in dump.splitlines():
        head = ENTRY.match(line)
        if head:
            depth, offset, tag = int(head.group(1)), int(head.group(2), 16), head.group(4)
            del stack[depth:]
            current = None
            if tag:
                parent = stack[-1] if stack else None
                current = Entry(tag, {}, parent)
                entries[offset] = current
                stack.append(current)
                if parent:
                    parent.children.append(current)
            continue
        attribute = ATTRIBUTE.match(line)
        if attribute and current is not None:
            current.attributes.setdefault(attribute.group(1), plain(attribute.group(2)))
    return entries


@dataclass(frozen=True)
class Type:
    """A C++ type with typedefs resolved; kind is void, base, enum, class, pointer, reference, array or function."""

    kind: str
    name: str = ""
    size: int = 0
    const: bool = False
    to: "Type | None" = None


@dataclass(frozen=True)
class Virtual:
    """One virtual member function."""

    slot: int
    name: str
    mangled: str
    result: Type
    parameters: tuple


class Model:
    """What a compiled header says, by qualified name."""

    def __init__(self, path):
        self.entries = read(path)
        self.classes, self.enums, self.typedefs = {}, {}, {}
        for entry in self.entries.values():
            if entry.name is None or "declaration" in entry.attributes:
                continue
            if entry.tag in ("DW_TAG_class_type", "DW_TAG_structure_type"):
                self.classes[entry.scope()] = entry
            elif entry.tag == "DW_TAG_enumeration_type":
                self.enums[entry.scope()] = entry
            elif entry.tag == "DW_TAG_typedef":
                self.typedefs[entry.scope()] = entry

    def type(self, offset):
        """The type at an offset; None means void."""
        if offset is None:
            return Type("void")
        entry = self.entries[offset]
        inner = entry.reference("type")
        if entry.tag == "DW_TAG_typedef":
            return self.type(inner)
        if entry.tag == "DW_TAG_const_type":
            to = self.type(inner)
            return Type(to.kind, to.name, to.size, True, to.to)
        simple = {"DW_TAG_pointer_type": "pointer", "DW_TAG_reference_type": "reference", "DW_TAG_array_type": "array"}
        if entry.tag in simple:
            return Type(simple[entry.tag], to=self.type(inner))
        if entry.tag == "DW_TAG_subroutine_type":
            return Type("function")
        kind = {"DW_TAG_base_type": "base", "DW_TAG_enumeration_type": "enum"}.get(entry.tag, "class")
        name = entry.scope()
        if kind == "enum":
            name = self.type(inner).name
        return Type(kind, name, entry.number("byte_size") or 0)

    def declared(self, name):
        """The virtual members that the class itself declares, without its destructor."""
        out = []
        for entry in self.classes[name].children:
            place = entry.attributes.get("vtable_elem_location")
            if entry.tag != "DW_TAG_subprogram" or place is None:
                continue
            found = re.search(r"DW_OP_constu: (\d+)|DW_OP_lit(\d+)", place)
            parameters = tuple(
                self.type(p.reference("type"))
                for p in entry.children
                if p.tag == "DW_TAG_formal_parameter" and "artificial" not in p.attributes
            )
            result = self.type(entry.reference("type"))
            mangled = entry.attributes.get("linkage_name", "")
            out.append(Virtual(int(found.group(1) or found.group(2)), entry.name, mangled, result, parameters))
        return out

    def virtuals(self, name):
        """The virtual members of the class and of its bases, by slot; an override stands for what it overrides."""
        slots = {}
        for base in self.bases(name):
            slots.update({v.slot: v for v in self.virtuals(base)})
        slots.update({v.slot: v for v in self.declared(name)})
        return [slots[s] for s in sorted(slots)]

    def bases(self, name):
        """Qualified names of the direct bases."""
        found = [c for c in self.classes[name].children if c.tag == "DW_TAG_inheritance"]
        return [self.entries[c.reference("type")].scope() for c in found]

    def members(self, name):
        """(member, offset, type) of each data member that the class declares."""
        out = []
        for entry in self.classes[name].children:
            if entry.tag == "DW_TAG_member" and "data_member_location" in entry.attributes:
                out.append((entry.name, entry.number("data_member_location"), self.type(entry.reference("type"))))
        return out

    def struct(self, name):
        """(size, [(member, offset)]) of a struct or of what a typedef of that name stands for."""
        entry = self.classes.get(name)
        if entry is None:
            name = self.type(self.typedefs[name].reference("type")).name
            entry = self.classes[name]
        return entry.number("byte_size"), [(m, offset) for m, offset, _ in self.members(name)]

    def enumerators(self, name):
        """(enumerator, value) of an enum."""
        return [(c.name, c.number("const_value")) for c in self.enums[name].children if c.tag == "DW_TAG_enumerator"]
