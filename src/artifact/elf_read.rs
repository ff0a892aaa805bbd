//! Finds an artifact in a shared object that [`crate::artifact::elf`] made, for whatever processor that is. Runs and links nothing.

use crate::artifact::elf::SECTION;
use crate::tensor::error::{Code, Error, Result};
use std::ops::Range;

/// The place of the artifact's bytes.
pub fn artifact(bytes: &[u8]) -> Result<Range<usize>> {
    let missing = || Error::new(Code::MalformedModel, format!("this shared object has no section '{SECTION}' with an artifact, or is cut"));
    find(bytes).ok_or_else(missing)
}

fn find(bytes: &[u8]) -> Option<Range<usize>> {
    // Little-endian, of 64 bits.
    if bytes.get(4..6)? != [2, 1] {
        return None;
    }
    let u16_at = |at: usize| Some(usize::from(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?)));
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?) as usize);
    let u64_at = |at: usize| usize::try_from(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?)).ok();
    let (sections, each, count, names) = (u64_at(0x28)?, u16_at(0x3a)?, u16_at(0x3c)?, u16_at(0x3e)?);
    bytes.get(sections..sections.checked_add(count.checked_mul(each)?)?)?;
    let head = |i: usize| sections.checked_add(i.checked_mul(each)?);
    let part = |head: usize| {
        let (start, len) = (u64_at(head.checked_add(0x18)?)?, u64_at(head.checked_add(0x20)?)?);
        let end = start.checked_add(len).filter(|end| *end <= bytes.len())?;
        Some(start..end)
    };
    let names = &bytes[part(head(names)?)?];
    let is_ours = |i: &usize| {
        let name = head(*i).and_then(u32_at).and_then(|at| names.get(at..));
        name.and_then(|n| n.split(|b| *b == 0).next()) == Some(SECTION.as_bytes())
    };
    part(head((0..count).find(is_ours)?)?)
}
