//! The cache of engines under everything that may happen to a folder: other processes, sudden ends, damage, no room, no rights.
//! Engines are any bytes here; `engine_cache_tensorrt.rs` has real ones.

use bytes::Bytes;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tvmtrt::tensor::error::{Code, Error};
use tvmtrt::tensorrt::cache::lock::Lock;
use tvmtrt::tensorrt::cache::timing::Timing;
use tvmtrt::tensorrt::cache::{Cache, Key, Mode, Origin};
use tvmtrt::tensorrt::logger::{Severity, Sink};

/// What a process that a test starts is told: what to do, and in which folder.
const ROLE: &str = "TVMTRT_TEST_ROLE";
const FOLDER: &str = "TVMTRT_TEST_FOLDER";

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("engine-cache-{name}"));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn key(n: usize) -> Key {
    Key::new(format!("engine {n}\nlibrary: none\n"))
}

fn engine(n: usize) -> Bytes {
    (0..200_000 + n).map(|i| (i * 31 + n) as u8).collect::<Vec<u8>>().into()
}

fn names(folder: &Path, ending: &str) -> Vec<String> {
    let all = fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().file_name().into_string().unwrap());
    all.filter(|n| n.ends_with(ending)).collect()
}

/// Gets an engine, and says where it came from and how often it was built.
fn get(cache: &Cache, n: usize) -> (Origin, usize) {
    let builds = Cell::new(0);
    let (found, origin) = cache
        .get_or_build(&key(n), &mut || {
            builds.set(builds.get() + 1);
            Ok(engine(n))
        })
        .unwrap();
    assert_eq!(found, engine(n), "engine {n}");
    (origin, builds.get())
}

const BUILT: (Origin, usize) = (Origin::Built, 1);
const CACHED: (Origin, usize) = (Origin::Cached, 0);

type Lines = Arc<Mutex<Vec<(Severity, String)>>>;

fn listening(cache: Cache) -> (Cache, Lines) {
    let lines = Lines::default();
    let copy = lines.clone();
    let log: Sink = Arc::new(move |severity, line: &str| copy.lock().unwrap().push((severity, line.to_string())));
    (cache.with_log(log), lines)
}

/// This program again, in another role.
fn process(role: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_process_with_a_role", "--nocapture"]).env(ROLE, role).env(FOLDER, folder);
    command
}

/// What the processes do that the other tests start. Without a role there is nothing to do.
#[test]
fn a_process_with_a_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let (cache, lines) = listening(Cache::open(&folder, None));
    match role.as_str() {
        // Builds for a while, as TensorRT does.
        "slow" => {
            let build = &mut || {
                std::thread::sleep(Duration::from_secs(2));
                Ok(engine(1))
            };
            println!("{:?}", cache.get_or_build(&key(1), build).unwrap().1);
        }
        "hang" => drop(cache.get_or_build(&key(1), &mut || {
            println!("building");
            std::thread::sleep(Duration::from_secs(600));
            Ok(engine(1))
        })),
        // Builds, until it is killed.
        "endless" => {
            for n in 0.. {
                assert!(get(&cache, n).1 < 2);
            }
        }
        "once" => println!("{:?}", get(&cache, 1)),
        other => panic!("{other}"),
    }
    lines.lock().unwrap().iter().for_each(|(severity, line)| println!("{severity:?}: {line}"));
}

fn output(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_second_time_nothing_is_built() {
    let folder = folder("hit");
    let cache = Cache::open(&folder, None);
    assert_eq!([get(&cache, 1), get(&cache, 1), get(&cache, 2), get(&cache, 1)], [BUILT, CACHED, BUILT, CACHED]);
    assert_eq!(get(&Cache::open(&folder, None), 2), CACHED);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "engines and nothing else");
    // One that TensorRT does not take is replaced.
    assert_eq!(cache.build_anew(&key(2), &mut || Ok(engine(2))).unwrap().1, Origin::Built);
    assert_eq!(get(&cache, 2), CACHED);
    // A build that fails leaves nothing behind.
    let failed = cache.get_or_build(&key(3), &mut || Err(Error::new(Code::TensorRtBuild, "no")));
    assert_eq!(failed.unwrap_err().code, Code::TensorRtBuild);
    assert_eq!(get(&cache, 3), BUILT);
    assert!(cache.verify().unwrap().iter().all(|i| i.fault.is_none() && !i.key.is_empty()));
}

#[test]
fn of_two_processes_one_builds_and_the_other_waits() {
    let folder = folder("two");
    let start = || process("slow", &folder).stdout(Stdio::piped()).spawn().unwrap();
    let all: Vec<String> = [start(), start(), start()].map(output).to_vec();
    assert_eq!(all.iter().filter(|o| o.contains("Built")).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|o| o.contains("Cached") && o.contains("waiting")).count(), 2, "{all:?}");
}

#[test]
fn who_waits_can_stop_and_the_lock_of_the_dead_is_free() {
    let folder = folder("stop");
    let mut child = process("hang", &folder).stdout(Stdio::piped()).spawn().unwrap();
    while names(&folder, ".lock").is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let cache = Cache::open(&folder, None).with_go_on(Arc::new(move || {
        *count.lock().unwrap() += 1;
        *count.lock().unwrap() < 3
    }));
    let stopped = cache.get_or_build(&key(1), &mut || panic!("another one builds"));
    assert_eq!(stopped.unwrap_err().code, Code::Cancelled);
    assert_eq!(*asked.lock().unwrap(), 3);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(get(&Cache::open(&folder, None), 1), BUILT);
}

#[test]
fn an_end_at_any_moment_leaves_no_bad_file() {
    let folder = folder("kill");
    let (mut seed, mut interrupted) = (0x2545_f491u32, 0);
    for round in 0..50 {
        // Engines vanish, so that there is always something to build.
        names(&folder, ".engine").iter().for_each(|n| fs::remove_file(folder.join(n)).unwrap());
        let mut child = process("endless", &folder).stdout(Stdio::null()).spawn().unwrap();
        // A process takes its time to start.
        while names(&folder, ".lock").is_empty() && names(&folder, ".engine").is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        std::thread::sleep(Duration::from_micros(u64::from(seed % 20_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        interrupted += usize::from(!names(&folder, ".lock").is_empty());
        let cache = Cache::open(&folder, None);
        let bad: Vec<_> = cache.verify().unwrap().into_iter().filter(|i| i.fault.is_some()).collect();
        assert!(bad.is_empty(), "round {round}: {bad:?}");
        (0..3).for_each(|n| assert!(get(&cache, n).1 < 2));
    }
    println!("{interrupted} of 50 processes ended while they wrote an engine");
    assert!(interrupted > 5, "{interrupted}");
    // What the dead left behind goes with the next engine that is kept.
    assert_eq!(get(&Cache::open(&folder, None), 1_000_000), BUILT);
    assert_eq!((names(&folder, ".tmp").len(), names(&folder, ".lock").len()), (0, 0));
}

#[test]
fn a_file_that_is_not_what_was_written_is_passed_over_and_written_anew() {
    let folder = folder("damage");
    let (cache, lines) = listening(Cache::open(&folder, None));
    assert_eq!(get(&cache, 1), BUILT);
    let path = folder.join(format!("{}.engine", key(1).stem()));
    let good = fs::read(&path).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 4;
    let mut format = good.clone();
    format[8] += 1;
    assert_eq!(get(&cache, 2), BUILT);
    let other = fs::read(folder.join(format!("{}.engine", key(2).stem()))).unwrap();
    let longer = [&good[..], &[0]].concat();
    for bad in [&b""[..], b"foreign", &good[..good.len() - 1], &good[..40], &longer, &flipped, &format, &other] {
        // As damage comes about: not by writing into a file that is in use, which would change what others have mapped.
        fs::remove_file(&path).unwrap();
        fs::write(&path, bad).unwrap();
        lines.lock().unwrap().clear();
        assert_eq!([get(&cache, 1), get(&cache, 1)], [BUILT, CACHED]);
        let said = lines.lock().unwrap().clone();
        assert!(said.len() == 1 && said[0].0 == Severity::Warning && said[0].1.contains("damaged"), "{said:?}");
        assert!(fs::read(&path).unwrap() == good);
    }
    // A folder in the file's place cannot be replaced: the engine is used all the same.
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!([get(&cache, 1), get(&cache, 1)], [BUILT, BUILT]);
}

#[test]
fn where_nothing_can_be_kept_there_is_one_warning() {
    let folder = folder("file");
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::write(&folder, "no folder").unwrap();
    for place in [folder.clone(), folder.join("below"), PathBuf::from("/proc/none/at/all")] {
        let (cache, lines) = listening(Cache::open(&place, None));
        assert_eq!([get(&cache, 1), get(&cache, 1), get(&cache, 2)], [BUILT; 3]);
        let said = lines.lock().unwrap().clone();
        assert!(said.len() == 1 && said[0].1.contains("nothing can be kept"), "{said:?}");
    }
    fs::remove_file(folder).unwrap();
}

#[test]
fn a_folder_that_may_only_be_read_serves_and_stays_as_it_is() {
    let folder = std::env::temp_dir().join(format!("tvmtrt-engine-cache-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    get(&Cache::open(&folder, None), 1);
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    // Who owns the machine may write everywhere, so somebody else tries, with a copy of this program that he may start.
    let program = folder.with_extension("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let run = |role: &str| {
        let mut command = Command::new(&program);
        command.args(["--exact", "a_process_with_a_role", "--nocapture"]).env(ROLE, role).env(FOLDER, &folder).current_dir("/");
        if fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0) {
            command.uid(65534).gid(65534);
        }
        output(command.stdout(Stdio::piped()).spawn().unwrap())
    };
    let hit = run("once");
    assert!(hit.contains("Cached") && !hit.contains("Warning"), "{hit}");
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    Cache::open(&folder, None).clear().unwrap();
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    let miss = run("once");
    assert!(miss.contains("Built") && miss.matches("Warning").count() == 1, "{miss}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fs::remove_dir_all(folder).unwrap();
    fs::remove_file(program).unwrap();
}

#[test]
fn a_full_disk_costs_a_warning() {
    let folder = folder("full");
    let process = process("once", &folder);
    // Files of at most 8 blocks; who writes more gets an error and no signal.
    let program = process.get_program().to_str().unwrap().to_string();
    let arguments: Vec<&str> = process.get_args().map(|a| a.to_str().unwrap()).collect();
    let line = format!("trap '' XFSZ; ulimit -f 8; exec '{program}' {}", arguments.join(" "));
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).env(ROLE, "once").env(FOLDER, &folder).stdout(Stdio::piped());
    let said = output(shell.spawn().unwrap());
    assert!(said.contains("Built") && said.matches("nothing can be kept").count() == 1, "{said}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "half a file stays behind");
    assert_eq!(get(&Cache::open(&folder, None), 1), BUILT);
}

#[test]
fn what_was_not_used_for_longest_goes_first_and_what_is_locked_stays() {
    let folder = folder("limit");
    let room = 3 * 210_000;
    let cache = Cache::open(&folder, Some(room));
    let age = |n: usize, hours: u64| {
        let file = fs::File::open(folder.join(format!("{}.engine", key(n).stem()))).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3600 * hours)).unwrap();
    };
    (1..=3).for_each(|n| assert_eq!(get(&cache, n), BUILT));
    (1..=3).for_each(|n| age(n, 10 - n as u64));
    // A hit makes the oldest the youngest.
    assert_eq!(get(&cache, 1), CACHED);
    assert_eq!(get(&cache, 4), BUILT);
    let there = || (1..=6).filter(|n| folder.join(format!("{}.engine", key(*n).stem())).exists()).collect::<Vec<_>>();
    assert_eq!(there(), [1, 3, 4]);
    let lock = Lock::try_take(&folder.join(format!("{}.lock", key(3).stem()))).unwrap().unwrap();
    age(1, 1);
    assert_eq!(get(&cache, 5), BUILT);
    assert_eq!(there(), [3, 4, 5], "3 is older, but someone works on it");
    let (removed, _) = cache.clear().unwrap();
    assert_eq!((removed, there()), (2, vec![3]));
    drop(lock);
    // What is larger than all that is allowed is not kept, and nothing goes for it.
    let (small, lines) = listening(Cache::open(&folder, Some(1000)));
    assert_eq!(get(&small, 6), BUILT);
    assert_eq!(there(), [3]);
    assert!(lines.lock().unwrap()[0].1.contains("not kept"));
}

#[test]
fn modes_leave_the_folder_alone_or_forbid_builds() {
    let folder = folder("modes");
    let cache = Cache::open(&folder, None);
    let (read, never) = (cache.clone().with_mode(Mode::ReadOnly), cache.clone().with_mode(Mode::NeverBuild));
    assert_eq!(get(&read, 1), BUILT);
    assert!(!folder.exists());
    let refused = never.get_or_build(&key(1), &mut || panic!("never")).unwrap_err();
    assert!(refused.message.contains("not in the cache"), "{refused}");
    assert_eq!([get(&cache, 1), get(&read, 1), get(&never, 1)], [BUILT, CACHED, CACHED]);
}

#[test]
fn keys_with_one_name_are_told_apart_by_their_whole_text() {
    let folder = folder("names");
    let cache = Cache::open(&folder, None);
    get(&cache, 1);
    // As if the hashes of two keys were one.
    let name = |n: usize| folder.join(format!("{}.engine", key(n).stem()));
    fs::rename(name(1), name(2)).unwrap();
    let faults: BTreeSet<String> = cache.verify().unwrap().into_iter().filter_map(|i| i.fault).collect();
    assert!(faults.iter().all(|f| f.contains("not the hash of its key")) && faults.len() == 1, "{faults:?}");
    assert_eq!(get(&cache, 2), BUILT);
}

#[test]
fn measurements_of_many_are_merged() {
    let folder = folder("timing");
    let (_, lines) = listening(Cache::open(&folder, None));
    let log = |lines: &Lines| -> Sink {
        let lines = lines.clone();
        Arc::new(move |severity, line: &str| lines.lock().unwrap().push((severity, line.to_string())))
    };
    for timing in [Timing::in_folder(&folder, key(1), Some(log(&lines))), Timing::at(&folder.join("mine.cache"), Some(log(&lines)))] {
        assert!(timing.read().is_empty());
        // Every thread adds its own byte to what is there.
        std::thread::scope(|s| {
            for byte in 0..20u8 {
                let timing = timing.clone();
                s.spawn(move || timing.add(&mut |there| Ok([&there[..], &[byte]].concat().into())));
            }
        });
        let mut found = timing.read().to_vec();
        found.sort();
        assert_eq!(found, (0..20).collect::<Vec<u8>>());
    }
    assert!(fs::read(folder.join("mine.cache")).unwrap().len() == 20, "the caller's file has TensorRT's own form");
    let cache = Cache::open(&folder, None);
    assert_eq!(cache.verify().unwrap()[0].kind.name(), "timing");
    let file = folder.join(format!("{}.timing", key(1).stem()));
    let half = fs::read(&file).unwrap();
    fs::write(&file, &half[..half.len() / 2]).unwrap();
    assert!(lines.lock().unwrap().is_empty());
    assert!(Timing::in_folder(&folder, key(1), Some(log(&lines))).read().is_empty());
    assert!(lines.lock().unwrap()[0].1.contains("damaged"));
    Timing::at(Path::new("/proc/none/x"), Some(log(&lines))).add(&mut |_| Ok(Bytes::from_static(b"x")));
    assert!(lines.lock().unwrap()[1].1.contains("not kept"));
}
