//! Building what the rules refuse. TensorRT may do anything with it, so it is done in a process of its own, which is started again
//! behind the witness at which it ended.

use super::{Oracle, Witness, all};
use crate::suite::compare_within;
use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::network::Network;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::error::Code;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensorrt::config::Range;
use tvmtrt::tensorrt::emit::{Options, Plan, build};
use tvmtrt::tensorrt::library::Library;

/// What became of a witness, and what was said. *refused* by TensorRT, or *unsaid* because its interface has no such value; *wrong*: another
/// result; *differs*: by the documented meaning of its layers, where nothing can run; *built*, where nothing can run, or nothing says what
/// is right; *right*: what the oracle computes, so refused wrongly; *died* of it; *silent*: no answer; *taken*: no rule against it.
pub type Outcome = (String, String);

/// The witness at which the started process begins.
const FIRST: &str = "TVMTRT_TEST_WITNESS";

/// How long one witness may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a process ends that waited too long.
const SILENT: i32 = 77;

/// Most elements of a tensor that is run.
const MOST: usize = 1 << 24;

/// Runs an engine on a witness's inputs.
pub type Run<'a> = &'a dyn Fn(&Witness, &Plan) -> Result<Vec<Tensor>, String>;

/// What becomes of each witness. `child` is the test of this program that calls [`serve`].
pub fn outcomes(child: &str, count: usize) -> Vec<Outcome> {
    let mut out: Vec<Outcome> = Vec::new();
    while out.len() < count {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", child, "--nocapture", "--test-threads=1"])
            .env(FIRST, out.len().to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let before = out.len();
        for line in BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok) {
            let Some((_, rest)) = line.split_once("@witness ") else { continue };
            let (word, said) = rest.split_once(' ').unwrap_or((rest, ""));
            out.push((word.into(), said.into()));
        }
        let status = process.wait().unwrap();
        if out.len() == count {
            break;
        }
        match status.code() {
            // By a signal: TensorRT's doing.
            None => out.push(("died".into(), status.to_string())),
            Some(SILENT) if out.len() > before => {}
            Some(_) => panic!("after {} witnesses the process ended with {status}", out.len()),
        }
    }
    out
}

/// True in a process that [`outcomes`] started.
pub fn started() -> bool {
    std::env::var_os(FIRST).is_some()
}

/// What the process does that [`outcomes`] starts; nothing otherwise.
pub fn serve(library: impl Fn() -> Option<&'static Library>, options: &Options, run: Option<Run>) {
    let Some(first) = std::env::var(FIRST).ok().and_then(|f| f.parse::<usize>().ok()) else { return };
    let Some(library) = library() else { return };
    let done = Arc::new(AtomicUsize::new(0));
    let watched = done.clone();
    std::thread::spawn(move || {
        let mut before = usize::MAX;
        while watched.load(Ordering::Relaxed) != before {
            before = watched.load(Ordering::Relaxed);
            std::thread::sleep(PATIENCE);
        }
        say("silent", "no answer in time");
        std::process::exit(SILENT);
    });
    for witness in all().iter().skip(first) {
        let fires = witness.fires(&library.capabilities());
        let (word, said) = if fires { outcome(library, witness, options, run) } else { ("taken", String::new()) };
        done.fetch_add(1, Ordering::Relaxed);
        say(word, &said);
    }
}

fn say(word: &str, said: &str) {
    let line: String = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "@witness {word} {line}").and_then(|()| out.flush()).unwrap();
}

fn outcome(library: &'static Library, witness: &Witness, options: &Options, run: Option<Run>) -> (&'static str, String) {
    let range = || Range { min: witness.at(2), opt: witness.at(4), max: witness.at(8) };
    let profiles = if witness.at(2).is_empty() { Vec::new() } else { vec![range()] };
    let plan = match build(library, &witness.network, &Options { profiles, ..options.clone() }) {
        Ok(plan) => plan,
        Err(e) if e.code == Code::Internal && e.message.contains("to TensorRT where") => return ("wrong", e.message),
        Err(e) if e.code == Code::TensorRtBuild => return ("refused", e.message),
        Err(e) => return ("unsaid", e.message),
    };
    let small =
        |n: &Network| n.inputs.iter().all(|id| n.tensor(*id).dims.iter().filter_map(|d| d.as_const()).product::<i64>() < MOST as i64);
    let Some(run) = run.filter(|_| small(&witness.network)) else {
        return match documented(witness) {
            Err(e) => ("differs", e),
            Ok(()) => ("built", String::new()),
        };
    };
    let got = match run(witness, &plan) {
        Ok(got) => got,
        Err(e) => return ("refused", format!("it builds, and does not run: {e}")),
    };
    let want = match catch_unwind(AssertUnwindSafe(|| witness.want())) {
        Ok(Ok(want)) => want,
        Ok(Err(e)) => return ("built", format!("the oracle has no answer: {e}")),
        Err(_) => return ("built", "the oracle has no answer".into()),
    };
    match compare_within(&witness.what, tolerance(witness), &got, &want) {
        Ok(()) => ("right", String::new()),
        Err(e) => ("wrong", e),
    }
}

/// An error where layers compute something else than the operator by what is documented of them.
fn documented(witness: &Witness) -> Result<(), String> {
    let both = catch_unwind(AssertUnwindSafe(|| witness.documented().map(|got| (got, witness.want()))));
    match both {
        Ok(Some((Ok(got), Ok(want)))) => compare_within(&witness.what, tolerance(witness), &got, &want),
        _ => Ok(()),
    }
}

/// Wide enough that nothing is wrong by rounding.
fn tolerance(witness: &Witness) -> Tolerance {
    let has = |dtype: DType| witness.network.tensors.iter().any(|t| t.dtype == dtype);
    let by = if has(DType::BF16) {
        3e-2
    } else if has(DType::F16) {
        5e-3
    } else {
        1e-3
    };
    let exact = matches!(witness.oracle, Oracle::Network) && !witness.network.tensors.iter().any(|t| t.dtype.is_float());
    if exact { Tolerance::EXACT } else { Tolerance { relative: by, scaled: by } }
}
