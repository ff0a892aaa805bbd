//! Random damage, by a seed that is printed: any file is answered with a build or an error, never a panic.

use crate::suite::Random;
use crate::support::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tvmtrt::artifact::file::Artifact;
use tvmtrt::capi::artifact::build;

const FILES: usize = 1500;

fn seed() -> u64 {
    let seed = std::env::var("TVMTRT_SEED").ok().and_then(|s| s.parse().ok());
    seed.unwrap_or_else(|| std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64)
}

/// A few bytes set, moved, doubled or taken out.
fn spoil(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..1 + random.next() % 3 {
        let at = random.next() as usize % bytes.len().max(1);
        let end = (at + 1 + random.next() as usize % 16).min(bytes.len());
        match random.next() % 6 {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let copy = bytes[at..end].to_vec();
                let to = random.next() as usize % (bytes.len() + 1);
                drop(bytes.splice(to..to, copy));
            }
            3 => bytes[at..end].fill(0xff),
            4 => bytes[at..end].fill(b'0' + (random.next() % 10) as u8),
            _ => bytes[at..end].iter_mut().for_each(|b| *b = random.next() as u8),
        }
    }
}

#[test]
fn nothing_makes_loading_panic() {
    let seed = seed();
    println!("TVMTRT_SEED={seed}");
    let mut random = Random(seed);
    let mut loaded = 0;
    let sound: Vec<Vec<u8>> = [classifier(), positive_rows()]
        .into_iter()
        .map(|graph| {
            let path = place("fuzz.tvmtrt");
            saved(&built(graph), &path);
            std::fs::read(path).unwrap()
        })
        .collect();
    let entries = ["manifest.json", "graph.json", "partition.json", "weights.safetensors"];
    for i in 0..FILES {
        let file = &sound[i % sound.len()];
        let mut bytes = file.clone();
        match i % 3 {
            0 => spoil(&mut random, &mut bytes),
            // Behind a CRC-32 that is right, so that the content is looked at.
            _ => {
                let inner = std::cell::RefCell::new(&mut random);
                let entry = entries[i / 3 % entries.len()];
                bytes = with_entry(file, entry, &|mut b| {
                    spoil(&mut inner.borrow_mut(), &mut b);
                    b
                });
            }
        }
        let (options, _) = options(&[("log_level", "off")]);
        let read = || Artifact::of_bytes(bytes.clone().into()).and_then(|a| a.verify().and_then(|()| build(&a, &options)));
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(_)) => loaded += 1,
            Ok(Err(e)) => assert!(!e.message.is_empty()),
            Err(_) => panic!("file {i} of TVMTRT_SEED={seed} panics"),
        }
    }
    println!("{loaded} of {FILES} spoilt files could be loaded");
}
