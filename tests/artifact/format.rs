//! The container: numbers in 64 bits, large files, names.

use crate::support::*;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use tvmtrt::artifact::file::Form;
use tvmtrt::artifact::zip::read::Archive;
use tvmtrt::artifact::zip::write::Writer;
use tvmtrt::artifact::zip::{ALIGNMENT, is_safe};
use tvmtrt::tensor::bytes::map_file;
use tvmtrt::tensor::error::Code;

fn archive(wide: bool, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = Writer::new(wide);
    entries.iter().for_each(|(name, bytes)| zip.add(name, vec![(*bytes).into()]).unwrap());
    zip.finish().concat()
}

#[test]
fn entries_come_back_aligned() {
    let names: Vec<String> = (0..70).map(|i| format!("folder/{}", "n".repeat(i + 1))).collect();
    let contents: Vec<Vec<u8>> = (0..70).map(|i| vec![i as u8; i * 3]).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
    for wide in [false, true] {
        let bytes = bytes::Bytes::from(archive(wide, &entries));
        let read = Archive::open(bytes.clone()).unwrap();
        assert_eq!(read.names().count(), 70);
        for (name, content) in &entries {
            let got = read.checked(name).unwrap().unwrap();
            assert_eq!(got, *content);
            assert!(got.is_empty() || (got.as_ptr() as usize - bytes.as_ptr() as usize).is_multiple_of(ALIGNMENT), "{name}");
        }
    }
    assert_eq!(Archive::open(archive(true, &[]).into()).unwrap().names().count(), 0);
}

#[test]
fn names_lead_nowhere() {
    for bad in ["", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a\\b", "c:a", "a\0", "a\nb"] {
        assert!(!is_safe(bad), "{bad:?}");
        assert!(Writer::new(false).add(bad, vec![]).is_err());
    }
    assert!(["a", "a/b.c", "...", "a..b", "\u{e4}"].iter().all(|n| is_safe(n)));
    let mut zip = Writer::new(false);
    zip.add("a", vec![]).unwrap();
    assert_eq!(zip.add("a", vec![]).unwrap_err().code, Code::DuplicateName);
}

/// As other programs write them: entries begin where they happen to.
#[test]
fn misaligned_entries_are_refused() {
    let mut bytes = archive(false, &[("graph.json", b"{}")]);
    // The filling goes out of the header, and everything behind it moves.
    let extra = u16::from_le_bytes([bytes[28], bytes[29]]);
    bytes[28..30].fill(0);
    drop(bytes.drain(40..40 + usize::from(extra)));
    let at = bytes.len() - 6;
    let place = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) - u32::from(extra);
    bytes[at..at + 4].copy_from_slice(&place.to_le_bytes());
    let error = Archive::open(bytes.into()).unwrap_err();
    assert!(error.message.contains("'graph.json' is misaligned: it begins at 40"), "{error}");
}

#[test]
fn wide_numbers_are_read() {
    let (build, path) = (built(classifier()), place("wide.tvmtrt"));
    saved_as(&build, &path, Form { always_wide: true, ..Form::default() });
    let x = [pictures(3)];
    assert_eq!(run(&loaded(&path).unwrap(), &x).unwrap(), run(&build, &x).unwrap());
    let sound = std::fs::read(&path).unwrap();
    // Every byte of the two ends of the directory and of the first 64-bit field counts for something.
    let tail = sound.len() - 22 - 20 - 56;
    let mut unseen = Vec::new();
    for at in tail..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        if Archive::open(bytes.into()).is_ok() {
            unseen.push(at - tail);
        }
    }
    // The size of its own record, and who made it.
    assert!(unseen.iter().all(|at| (4..16).contains(at)), "{unseen:?}");
}

/// An entry behind 4 GiB, and one of more than 4 GiB: what is zero takes no place on the disk.
#[test]
fn sizes_over_4_gib() {
    let large = (4usize << 30) + 5;
    let zeros = vec![0u8; large];
    let mut zip = Writer::new(false);
    zip.add("first", vec![b"front"[..].into()]).unwrap();
    zip.add("large", vec![zeros[..].into()]).unwrap();
    zip.add("last", vec![b"behind"[..].into()]).unwrap();
    let path = place("large.zip");
    let mut file = File::create(&path).unwrap();
    for part in zip.finish() {
        match part.len() == large {
            true => drop(file.seek(SeekFrom::Current(large as i64)).unwrap()),
            false => file.write_all(&part).unwrap(),
        }
    }
    drop(file);
    let read = Archive::open(map_file(&path).unwrap()).unwrap();
    assert_eq!((read.get("large").unwrap().len(), &read.get("first").unwrap()[..]), (large, &b"front"[..]));
    assert_eq!(read.checked("last").unwrap().unwrap(), &b"behind"[..]);
    drop(read);
    std::fs::remove_file(path).unwrap();
}
