//! An artifact as a shared object: the smallest ELF file that linkers and the loader take. It holds no code, only the artifact's bytes and
//! two variables that say where they are:
//!
//! ```c
//! extern const void *const tvmtrt_artifact_data;
//! extern const uint64_t tvmtrt_artifact_size;
//! ```
//!
//! The variables are small because a program that links with it may copy them. No compiler and no linker is needed.

/// What an ELF file begins with.
pub const MAGIC: &[u8] = b"\x7fELF";

/// The section that holds the artifact.
pub const SECTION: &str = ".tvmtrt";

/// The kind of processor of a shared object. What is inside is the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Machine {
    X86_64,
    Aarch64,
}

impl Machine {
    /// Every kind, with the name that options have for it.
    pub const ALL: &[(Machine, &str)] = &[(Machine::X86_64, "x86_64"), (Machine::Aarch64, "aarch64")];

    /// The kind of this name; `host` is the one that this library runs on.
    pub fn named(name: &str) -> Option<Machine> {
        let name = if name == "host" { std::env::consts::ARCH } else { name };
        Machine::ALL.iter().find(|(_, n)| *n == name).map(|(m, _)| *m)
    }

    /// The number of ELF, and of the relocation that adds the address at which the object lies.
    fn numbers(self) -> (u16, u64) {
        match self {
            Machine::X86_64 => (62, 8),
            Machine::Aarch64 => (183, 1027),
        }
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::named("host").unwrap_or(Machine::X86_64)
    }
}

/// Largest page of the processors above: the two segments must not share one.
const PAGE: u64 = 0x1_0000;
/// Where the artifact begins: a page, so that its own alignment holds in memory.
const START: u64 = 0x1000;
const HEADER: u64 = 64;
const SEGMENT: u64 = 56;
const SECTION_LEN: u64 = 64;

#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn u16(&mut self, v: u16) -> &mut Out {
        self.0.extend(v.to_le_bytes());
        self
    }
    fn u32(&mut self, v: u32) -> &mut Out {
        self.0.extend(v.to_le_bytes());
        self
    }
    fn u64(&mut self, v: u64) -> &mut Out {
        self.0.extend(v.to_le_bytes());
        self
    }
    fn all(&mut self, v: &[u64]) -> &mut Out {
        self.0.extend(v.iter().flat_map(|v| v.to_le_bytes()));
        self
    }
    fn pad(&mut self, to: u64) -> u64 {
        self.0.resize(self.0.len().next_multiple_of(to as usize), 0);
        self.0.len() as u64
    }
}

/// What the loader and the linker look things up in. Places are offsets in the file, which are addresses too.
struct Tables {
    bytes: Vec<u8>,
    hash: u64,
    symbols: u64,
    strings: (u64, u64),
    relocation: u64,
}

/// What stands before the artifact's `len` bytes, and what behind.
pub fn wrap(len: u64, machine: Machine, name: &str) -> (Vec<u8>, Vec<u8>) {
    // The writable segment: its addresses are a page further on than its place in the file.
    let writable = (START + len).next_multiple_of(64);
    let address = writable + PAGE;
    let dynamic_len = 10 * 16;
    let variables = address + dynamic_len;
    let tables = tables(variables, machine, name);
    let names = section_names();
    let names_at = writable + dynamic_len + 16;
    let sections_at = (names_at + names.len() as u64).next_multiple_of(8);

    let mut front = Out::default();
    header(&mut front, machine, sections_at);
    let segment = |out: &mut Out, kind: u32, flags: u32, numbers: [u64; 6]| {
        out.u32(kind).u32(flags).all(&numbers);
    };
    segment(&mut front, 1, 4, [0, 0, 0, START + len, START + len, PAGE]);
    segment(&mut front, 1, 6, [writable, address, address, dynamic_len + 16, dynamic_len + 16, PAGE]);
    segment(&mut front, 2, 6, [writable, address, address, dynamic_len, dynamic_len, 8]);
    segment(&mut front, 0x6474_e551, 6, [0, 0, 0, 0, 0, 16]);
    front.0.extend(&tables.bytes);
    front.pad(START);

    let mut back = Out(vec![0; (writable - START - len) as usize]);
    let (strings, strings_len) = tables.strings;
    let soname = strings_len - name.len() as u64 - 1;
    for (tag, value) in [
        (14, soname),
        (4, tables.hash),
        (5, strings),
        (6, tables.symbols),
        (10, strings_len),
        (11, 24),
        (7, tables.relocation),
        (8, 24),
        (9, 24),
        (0, 0),
    ] {
        back.all(&[tag, value]);
    }
    back.all(&[0, len]);
    back.0.extend(names.as_bytes());
    back.0.resize((sections_at - START - len) as usize, 0);
    sections(&mut back, &tables, len, (writable, address, dynamic_len), (names_at, names.len() as u64));
    (front.0, back.0)
}

fn header(out: &mut Out, machine: Machine, sections_at: u64) {
    out.0.extend(MAGIC);
    out.0.extend([2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.u16(3).u16(machine.numbers().0).u32(1).u64(0).u64(HEADER).u64(sections_at).u32(0);
    out.u16(HEADER as u16).u16(SEGMENT as u16).u16(4).u16(SECTION_LEN as u16).u16(SECTIONS.len() as u16).u16(SECTIONS.len() as u16 - 1);
}

const SECTIONS: &[&str] = &["", ".hash", ".dynsym", ".dynstr", ".rela.dyn", SECTION, ".dynamic", ".data", ".shstrtab"];
const DYNAMIC_STRINGS: u32 = 3;
const SYMBOLS: u32 = 2;
const DATA: u16 = 7;

fn section_names() -> String {
    SECTIONS.iter().map(|n| format!("{n}\0")).collect()
}

fn tables(variables: u64, machine: Machine, name: &str) -> Tables {
    let at = HEADER + 4 * SEGMENT;
    let mut out = Out::default();
    // One bucket: the first symbol, then the second.
    let hash = at;
    for word in [1u32, 3, 1, 0, 2, 0] {
        out.u32(word);
    }
    let symbols = at + out.pad(8);
    let names = ["tvmtrt_artifact_data", "tvmtrt_artifact_size"];
    out.all(&[0, 0, 0]);
    let mut text = 1;
    for (i, symbol) in names.iter().enumerate() {
        // A global object.
        out.u32(text).u16(0x11).u16(DATA).u64(variables + 8 * i as u64).u64(8);
        text += symbol.len() as u32 + 1;
    }
    let relocation = at + out.pad(8);
    out.u64(variables).u64(machine.numbers().1).u64(START);
    let strings = at + out.0.len() as u64;
    let text = format!("\0{}\0{}\0{name}\0", names[0], names[1]);
    out.0.extend(text.as_bytes());
    Tables { bytes: out.0, hash, symbols, strings: (strings, text.len() as u64), relocation }
}

fn sections(out: &mut Out, tables: &Tables, len: u64, (writable, address, dynamic): (u64, u64, u64), names: (u64, u64)) {
    let (mut names_of, mut name) = (SECTIONS.iter(), 0u32);
    let mut section = |out: &mut Out, kind: u32, flags: u64, place: [u64; 3], link: (u32, u32), rest: [u64; 2]| {
        out.u32(name).u32(kind).u64(flags).all(&place).u32(link.0).u32(link.1).all(&rest);
        name += names_of.next().map_or(0, |n| n.len() as u32 + 1);
    };
    section(out, 0, 0, [0, 0, 0], (0, 0), [0, 0]);
    section(out, 5, 2, [tables.hash, tables.hash, 24], (SYMBOLS, 0), [8, 4]);
    section(out, 11, 2, [tables.symbols, tables.symbols, 72], (DYNAMIC_STRINGS, 1), [8, 24]);
    section(out, 3, 2, [tables.strings.0, tables.strings.0, tables.strings.1], (0, 0), [1, 0]);
    section(out, 4, 2, [tables.relocation, tables.relocation, 24], (SYMBOLS, 0), [8, 24]);
    section(out, 1, 2, [START, START, len], (0, 0), [START, 0]);
    section(out, 6, 3, [address, writable, dynamic], (DYNAMIC_STRINGS, 0), [8, 16]);
    section(out, 1, 3, [address + dynamic, writable + dynamic, 16], (0, 0), [8, 0]);
    section(out, 3, 0, [0, names.0, names.1], (0, 0), [1, 0]);
}
