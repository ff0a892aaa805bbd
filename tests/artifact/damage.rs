//! Every way in which a file can be wrong: refused, with the file and the entry in the message.

use crate::support::*;
use std::path::Path;
use std::sync::OnceLock;
use tvmtrt::artifact::file::Artifact;
use tvmtrt::tensor::error::Code;

/// An artifact to be spoilt.
fn sound() -> Vec<u8> {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    let make = || {
        let path = place("sound.tvmtrt");
        saved(&built(classifier()), &path);
        std::fs::read(path).unwrap()
    };
    SOUND.get_or_init(make).clone()
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> usize {
    from + bytes[from..].windows(what.len()).position(|w| w == what).expect("it is there")
}

/// Where the entry of this name has its header and its line in the directory.
fn heads(bytes: &[u8], name: &str) -> (usize, usize) {
    let local = find(bytes, name.as_bytes(), 0);
    let central = find(bytes, name.as_bytes(), find(bytes, b"PK\x01\x02", 0));
    (local - 30, central - 46)
}

/// Sets the same bytes in the header and in the directory; fields of the directory stand two bytes later.
fn both(bytes: &mut [u8], name: &str, at: usize, value: &[u8]) {
    let (local, central) = heads(bytes, name);
    bytes[local + at..][..value.len()].copy_from_slice(value);
    bytes[central + at + 2..][..value.len()].copy_from_slice(value);
}

fn rename(bytes: &mut [u8], name: &str, to: &str) {
    assert_eq!(name.len(), to.len());
    let (local, central) = heads(bytes, name);
    bytes[local + 30..][..to.len()].copy_from_slice(to.as_bytes());
    bytes[central + 46..][..to.len()].copy_from_slice(to.as_bytes());
}

fn refused(bytes: &[u8], name: &str) -> (Code, String) {
    let path = place(&format!("{name}.tvmtrt"));
    std::fs::write(&path, bytes).unwrap();
    let error = loaded(&path).err().unwrap_or_else(|| panic!("{name}: it was loaded"));
    assert!(error.message.contains(&format!("{name}.tvmtrt")), "{name}: no file in: {error}");
    (error.code, error.message)
}

type Spoil = fn(&mut Vec<u8>);

/// What is done to the bytes, and what the message says.
const TABLE: &[(&str, Spoil, &str)] = &[
    ("empty", |b| b.clear(), "too few"),
    ("cut_in_the_middle", |b| b.truncate(b.len() / 2), "cut or altered"),
    ("last_byte_missing", |b| b.truncate(b.len() - 1), "cut or altered"),
    ("a_byte_more", |b| b.push(0), "cut or altered"),
    ("first_bytes_missing", |b| drop(b.drain(..64)), "cut or altered"),
    ("bytes_in_front", |b| drop(b.splice(0..0, [0; 64])), "cut or altered"),
    (
        "comment",
        |b| {
            let at = b.len() - 2;
            b[at] = 3;
            b.extend([b'x'; 3])
        },
        "cut or altered",
    ),
    (
        "comment_length",
        |b| {
            let at = b.len() - 2;
            b[at] = 3
        },
        "comment",
    ),
    (
        "one_entry_less",
        |b| {
            let at = b.len() - 14;
            b[at] -= 1;
            b[at + 2] -= 1
        },
        "more than its",
    ),
    (
        "one_entry_more",
        |b| {
            let at = b.len() - 14;
            b[at] += 1;
            b[at + 2] += 1
        },
        "entry 5: its head",
    ),
    (
        "entries_elsewhere",
        |b| {
            let at = b.len() - 14;
            b[at] += 1
        },
        "several files",
    ),
    (
        "disk",
        |b| {
            let at = b.len() - 18;
            b[at] = 1
        },
        "several files",
    ),
    (
        "directory_place",
        |b| {
            let at = b.len() - 6;
            b[at] ^= 1
        },
        "directory is not where",
    ),
    (
        "directory_size",
        |b| {
            let at = b.len() - 10;
            b[at] ^= 1
        },
        "directory is not where",
    ),
    (
        "directory_head",
        |b| {
            let at = find(b, b"PK\x01\x02", 0);
            b[at] = b'X'
        },
        "entry 0: its head in the directory",
    ),
    (
        "header",
        |b| {
            let at = heads(b, "graph.json").0;
            b[at] = b'X'
        },
        "the header of 'graph.json'",
    ),
    ("compressed", |b| both(b, "graph.json", 8, &[8]), "'graph.json' is compressed (method 8)"),
    (
        "compressed_here_only",
        |b| {
            let at = heads(b, "graph.json").0;
            b[at + 8] = 8
        },
        "'graph.json' is compressed",
    ),
    ("encrypted", |b| both(b, "graph.json", 6, &[1]), "'graph.json' has flags"),
    ("descriptor", |b| both(b, "graph.json", 6, &[8]), "'graph.json' has flags"),
    (
        "stored_size",
        |b| {
            let at = heads(b, "graph.json").1;
            b[at + 20] ^= 1
        },
        "'graph.json' is",
    ),
    (
        "size_in_directory",
        |b| {
            let at = heads(b, "graph.json").1;
            b[at + 20] ^= 1;
            b[at + 24] ^= 1
        },
        "'graph.json': size or CRC-32",
    ),
    ("size", |b| both(b, "graph.json", 18, &[255, 255, 255, 0, 255, 255, 255, 0]), "'graph.json' reaches beyond"),
    ("smaller", |b| both(b, "graph.json", 18, &[1, 0, 0, 0, 1, 0, 0, 0]), "does not begin where the entry before it ends"),
    ("wide_size_without_field", |b| both(b, "graph.json", 18, &[255; 8]), "'graph.json' has no 64-bit sizes"),
    (
        "crc_in_directory",
        |b| {
            let at = heads(b, "graph.json").1;
            b[at + 16] ^= 1
        },
        "'graph.json': size or CRC-32",
    ),
    ("crc", |b| both(b, "graph.json", 14, &[1, 2, 3, 4]), "'graph.json' is damaged: its CRC-32"),
    (
        "overlapping",
        |b| {
            let at = heads(b, "graph.json").1;
            b[at + 42..at + 46].fill(0)
        },
        "'graph.json' does not begin where",
    ),
    (
        "offset",
        |b| {
            let at = heads(b, "graph.json").1;
            b[at + 45] = 0x7f
        },
        "'graph.json' does not begin where",
    ),
    (
        "other_name_in_front",
        |b| {
            let at = heads(b, "graph.json").0;
            b[at + 30] = b'x'
        },
        "'graph.json' has another name",
    ),
    ("parent", |b| rename(b, "graph.json", "../ph.json"), "\"../ph.json\" is refused"),
    ("inner_parent", |b| rename(b, "graph.json", "g/../.json"), "\"g/../.json\" is refused"),
    ("absolute", |b| rename(b, "graph.json", "/raph.json"), "\"/raph.json\" is refused"),
    ("backslash", |b| rename(b, "graph.json", "..\\ph.json"), "is refused"),
    ("drive", |b| rename(b, "graph.json", "C:aph.json"), "is refused"),
    ("zero", |b| rename(b, "graph.json", "gr\0ph.json"), "is refused"),
    (
        "no_utf8",
        |b| {
            let at = heads(b, "graph.json").1;
            b[at + 46] = 0xff
        },
        "not UTF-8",
    ),
    ("two_of_a_name", |b| rename(b, "kernels/0.txt", "manifest.json"), "two entries are named 'manifest.json'"),
    ("no_graph", |b| rename(b, "graph.json", "glyph.json"), "no entry 'graph.json'"),
    ("no_weights", |b| rename(b, "weights.safetensors", "weights.safetensorz"), "'weights.safetensors'"),
    (
        "foreign_field",
        |b| {
            let at = heads(b, "graph.json").0;
            b[at + 40] = 9
        },
        "extra field",
    ),
    (
        "flipped_in_graph",
        |b| {
            let at = find(b, b"nn.conv2d", 0);
            b[at] ^= 0x20
        },
        "entry 'graph.json' is damaged",
    ),
    (
        "flipped_in_manifest",
        |b| {
            let at = find(b, b"\"writer\"", 0);
            b[at + 2] ^= 1
        },
        "entry 'manifest.json' is damaged",
    ),
];

#[test]
fn whatever_is_altered_is_refused() {
    let sound = sound();
    for (name, spoil, part) in TABLE {
        let mut bytes = sound.clone();
        spoil(&mut bytes);
        let (code, message) = refused(&bytes, name);
        assert_eq!(code, Code::MalformedModel, "{name}: {message}");
        assert!(message.contains(part), "{name}: '{part}' is not in: {message}");
    }
    assert!(Artifact::open(Path::new("/no/such.tvmtrt")).is_err_and(|e| e.code == Code::Io && e.message.contains("/no/such.tvmtrt")));
}

/// An entry, what is replaced in its text, by what, and what the message says. Each file is sound as a zip.
const CONTENT: &[(&str, &str, &str, &str)] = &[
    ("manifest.json", "{", "[", "no JSON"),
    ("manifest.json", "\"format\"", "\"formula\"", "'format' is missing"),
    ("manifest.json", "\"1.0\"", "\"one\"", "'one' is no version"),
    ("manifest.json", "\"full\"", "\"half\"", "'flavour' of 'build'"),
    ("graph.json", "\"nn.conv2d\"", "\"nn.conv9d\"", "there is no operator 'nn.conv9d'"),
    ("graph.json", "\"padding\"", "\"puddle\"", "node 'nn.conv2d': operator nn.conv2d has no attribute 'puddle'"),
    ("graph.json", "[0,1]", "[0,9]", "there is no value 9"),
    ("graph.json", "[0,1]", "[0]", "node 'nn.conv2d'"),
    ("graph.json", "[0,1]", "[0,-1]", "'inputs' is missing or no list of indices"),
    ("graph.json", "\"float32\"", "\"float31\"", "'float31' is not an element type"),
    ("graph.json", "\"tensor\":\"conv.weight\"", "\"tensor\":\"other\"", "no tensor 'other'"),
    ("graph.json", "\"N\",3", "\"M\",3", "input 'x'"),
    ("graph.json", "\"min\":1", "\"min\":99", "from 99 to 64"),
    ("graph.json", "\"name\":\"nn.relu\"", "\"name\":\"nn.dense\"", "two nodes"),
    ("partition.json", "\"region\": 0", "\"region\": 7", "the steps are not"),
    ("partition.json", "\"nodes\": [", "\"nodes\": [ 99,", "there is no node 99"),
    ("partition.json", "\"target\"", "\"targets\"", "'target' is missing"),
    ("weights.safetensors", "\"F32\"", "\"F64\"", "weights.safetensors"),
    ("weights.safetensors", "\"F32\"", "\"F33\"", "weights.safetensors"),
    ("weights.safetensors", "\"data_offsets\":[0,", "\"data_offsets\":[9,", "weights.safetensors"),
    ("weights.safetensors", "\"__metadata__\":", "\"__betadata__\":", "weights.safetensors"),
];

#[test]
fn content_that_makes_no_sense_is_refused() {
    let sound = sound();
    for (i, (entry, old, new, part)) in CONTENT.iter().enumerate() {
        let bytes = with_entry(&sound, entry, &|b| {
            let at = find(&b, old.as_bytes(), 0);
            [&b[..at], new.as_bytes(), &b[at + old.len()..]].concat()
        });
        let (_, message) = refused(&bytes, &format!("content_{i}"));
        assert!(message.contains(part) && message.contains(entry.split('.').next().unwrap()), "'{old}': '{part}' is not in: {message}");
    }
}

#[test]
fn other_formats_are_refused_with_both_versions() {
    let sound = sound();
    for (format, reads) in [("1.1", "1.0 to 1.0"), ("2.0", "1.0 to 1.0"), ("0.9", "1.0 to 1.0")] {
        let bytes = with_entry(&sound, "manifest.json", &|b| {
            String::from_utf8(b).unwrap().replace("\"1.0\"", &format!("\"{format}\"")).replace("tvmtrt 0", "tvmtrt 9").into_bytes()
        });
        let (code, message) = refused(&bytes, &format!("format_{format}"));
        assert_eq!(code, Code::UnsupportedModel);
        assert!(message.contains(&format!("format {format}, written by tvmtrt 9")) && message.contains(reads), "{message}");
    }
}

#[test]
fn altered_weights_are_found_where_they_are_looked_for() {
    let sound = sound();
    let flip = |mut b: Vec<u8>| {
        *b.last_mut().unwrap() ^= 1;
        b
    };
    let path = place("weights.tvmtrt");
    // The CRC-32 is right, the digest of the tensor is not.
    std::fs::write(&path, with_entry(&sound, "weights.safetensors", &flip)).unwrap();
    loaded(&path).unwrap();
    let error = loaded_with(&path, &[("artifact_verify", "true")]).unwrap_err();
    assert!(error.message.contains("weights.safetensors") && error.message.contains("its digest is another"), "{error}");
    // Neither is.
    let mut bytes = sound.clone();
    let data = find(&bytes, b"data_offsets", 0) + 2000;
    bytes[data.min(sound.len() / 2)] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = Artifact::open(&path).and_then(|a| a.verify()).unwrap_err();
    assert!(error.message.contains("is damaged"), "{error}");
}
