//! SUPPORT.md is made from the tables: this test writes it with TVMTRT_BLESS=1 and else fails where it is stale.

mod suite;
mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use suite::cases;
use tvmtrt::import::onnx::table::{FAMILIES, Row};
use tvmtrt::ir::convert::to_network;
use tvmtrt::ir::opdef::Lowering;
use tvmtrt::ir::view::NodeView;
use tvmtrt::loops::Stage;
use tvmtrt::network::capabilities::{Capabilities, Flavour, Version};
use tvmtrt::network::check::check;
use tvmtrt::ops::OPS;
use tvmtrt::tensorrt::abi::VERSIONS;
use tvmtrt::tensorrt::info::Support;
use tvmtrt::{network, partition};
use witness::policies::POLICIES;

/// The version that the column on TensorRT is about.
const PLANNED: Capabilities = Capabilities { flavour: Flavour::Full, version: Version::new(10, 6, 0), implicit_batch: false };

fn support() -> String {
    let mut out = String::from(
        "# What is supported\n\nMade from the tables by `tests/support.rs`; `TVMTRT_BLESS=1 cargo test --test support` makes it anew.\n\n\
         ## Operators\nEach cell is what the cases of `tests/suite` show. CPU: *generated* loops, *tuned* contraction, *view* (no work),\n\
         *routine* (hand-written), *expanded* (other operators), *reference* (slow). TensorRT 10.6: how many cases become layers, and the rules that keep the others off.\n\n\
         | operator | what | CPU | TensorRT |\n|---|---|---|---|\n",
    );
    let all = cases::all();
    for op in OPS {
        let of_op = all.iter().filter(|c| c.graph.nodes[0].op == *op);
        let (mut cpu, mut accepted, mut total, mut rules) = (BTreeSet::new(), 0, 0, BTreeSet::new());
        for case in of_op {
            let view = NodeView::new(&case.graph, case.graph.node_ids().next().unwrap());
            cpu.insert(match (op.lower)(&view) {
                Ok(Lowering::View) => "view",
                Ok(Lowering::Expand(_)) => "expanded",
                Ok(Lowering::Routine(_)) => "routine",
                Ok(Lowering::Kernel(k)) if k.stages.iter().any(|s| matches!(s, Stage::Contract(_))) => "tuned",
                Ok(Lowering::Kernel(_)) => "generated",
                _ if view.output(0).value.is_some() => "none needed",
                _ => "reference",
            });
            total += 1;
            match to_network(&case.graph).and_then(|n| check(&n, &PLANNED)) {
                Ok(()) => accepted += 1,
                Err(refusal) => {
                    rules.insert(refusal.rule);
                }
            }
        }
        let cpu: Vec<&str> = cpu.into_iter().collect();
        let rules: Vec<String> = rules.into_iter().map(|r| format!("`{r}`")).collect();
        let rules = if rules.is_empty() { String::new() } else { format!("; {}", rules.join(", ")) };
        writeln!(out, "| {} | {} | {} | {accepted} of {total}{rules} |", op.name, op.doc, cpu.join(", ")).unwrap();
    }
    out.push_str(
        "\n## ONNX\nOperators of the ONNX importer and the opsets in which they changed. Unknown ones are named in one error.\n\n",
    );
    let mut names: BTreeMap<(&str, &str), BTreeSet<i64>> = BTreeMap::new();
    let has = |row: &&Row| row.needs.iter().all(|n| tvmtrt::ops::find(n).is_some());
    FAMILIES.iter().flat_map(|f| f.iter()).filter(has).for_each(|row| {
        names.entry((row.domain, row.name)).or_default().insert(row.since);
    });
    let listed: Vec<String> = names
        .iter()
        .map(|((domain, name), since)| {
            let since: Vec<String> = since.iter().map(|s| s.to_string()).collect();
            let domain = if domain.is_empty() { String::new() } else { format!("{domain}.") };
            format!("{domain}{name} ({})", since.join(", "))
        })
        .collect();
    writeln!(out, "{}", listed.join(", ")).unwrap();
    out.push_str("\n## TensorRT\n*run*: engines ran. *built*: engines were built. *table*: driven by its interface table, never tried.\n\n| version | |\n|---|---|\n");
    for release in VERSIONS {
        writeln!(out, "| {} {} | {} |", release.flavour, release.version, Support::of_release(*release).name()).unwrap();
    }
    out.push_str(&refusals());
    out.push_str(NOT_YET);
    out
}

/// Each rule, what it says, and how it is known to be needed.
fn refusals() -> String {
    let mut out = String::from(
        "\n## Refusals\nA node that breaks one of these rules is kept off TensorRT. Each was broken by force: what TensorRT does then (*refuses* to build it, or\n\
         computes something *wrong*), and with how many networks; or the reason why nothing was tried. *TensorRT cannot*: no version has what\n\
         it would take. *not built here*: TensorRT could, our networks cannot yet.\n\n| rule | what it asks for | how it is known |\n|---|---|---|\n",
    );
    let witnesses = witness::all();
    let rules: BTreeMap<&str, &str> = network::rules::RULES.iter().chain(partition::rules::RULES).copied().collect();
    for (rule, says) in rules {
        let known = match POLICIES.iter().find(|p| p.0 == rule) {
            Some((_, kind, why)) => format!("{}: {why}", kind.name()),
            None => witness::seen::summary(rule, &witnesses),
        };
        writeln!(out, "| `{rule}` | {says} | {known} |").unwrap();
    }
    out
}

/// What a user may look for and does not find.
const NOT_YET: &str = "
## Not there yet
Each gives a clear error.
* CUDA kernels: on a GPU, what TensorRT does not take runs on the CPU.
* int8 of recurrent and transposed layers.
* Antialiased and cropping resizes, grids over volumes; recurrent layers; graphs inside nodes on TensorRT.
* Tuned code for contractions of float64 and integers: they run on plain generated loops; those of float16 and bfloat16 run in float32.
* Models in other formats than ONNX; local functions and sparse tensors in ONNX files.
";

#[test]
fn support_md_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/SUPPORT.md");
    let text = support();
    if std::env::var_os("TVMTRT_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap_or_default() == text, "SUPPORT.md is stale: TVMTRT_BLESS=1 cargo test --test support");
}
