//! Graphs whose extents depend on data: only the nodes that decide extents run on their own, all others as compiled programs.

mod suite;

use suite::Random;
use suite::cpu::Runner;
use tvmtrt::cpu::isa::Isa;
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::kernels::pieces::{Piece, is_cut, pieces};
use tvmtrt::reference;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;

fn node(b: &mut Builder, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> ValueId {
    let def = tvmtrt::ops::find(op).unwrap();
    let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
    b.node(op, def, attrs, operands).unwrap()[0]
}

/// Rows of `tanh(x W)` where the first column is positive, times their number, beside all rows.
fn selected() -> Graph {
    let (mut b, n) = (Builder::new("selected"), Dim::symbol("N", 1, 64));
    let x = b.input("x", Fact::new(DType::F32, vec![n, Dim::from(4i64)])).unwrap();
    let w = b.constant("w", Random(5).tensor(DType::F32, &[6, 4], false));
    let product = node(&mut b, "nn.dense", &[], &[x, w]);
    let y = node(&mut b, "tanh", &[], &[product]);
    let zero = b.constant("zero", Tensor::scalar(0i64));
    let column = node(&mut b, "take", &[("axis", Attr::Int(1))], &[x, zero]);
    let nothing = b.constant("nothing", Tensor::scalar(0f32));
    let positive = node(&mut b, "greater", &[], &[column, nothing]);
    let rows = node(&mut b, "argwhere", &[], &[positive]);
    let rows = node(&mut b, "squeeze", &[("axis", Attr::Ints(vec![1]))], &[rows]);
    let kept = node(&mut b, "take", &[("axis", Attr::Int(0))], &[y, rows]);
    let extents = node(&mut b, "shape_of", &[], &[kept]);
    let count = node(&mut b, "take", &[("axis", Attr::Int(0))], &[extents, zero]);
    let count = node(&mut b, "cast", &[("dtype", Attr::DType(DType::F32))], &[count]);
    let scaled = node(&mut b, "multiply", &[], &[kept, count]);
    let flat = Param::Static(vec![Dim::from(-1i64)]);
    let flat = node(&mut b, "reshape", &[("newshape", Attr::Param(flat))], &[scaled]);
    b.output("kept", scaled).unwrap();
    b.output("flat", flat).unwrap();
    b.output("all", y).unwrap();
    b.finish()
}

#[test]
fn only_what_decides_extents_runs_alone() {
    let graph = selected();
    assert!(is_cut(&graph, &Default::default()));
    let parts = pieces(&graph, &Default::default());
    let text: Vec<String> = parts
        .iter()
        .map(|p| match p {
            Piece::Code { graph, .. } => format!("{} nodes", graph.nodes.len()),
            Piece::Node(id, _) => graph.node(*id).op.name.into(),
        })
        .collect();
    assert_eq!(text, ["4 nodes", "argwhere", "7 nodes"]);
}

#[test]
fn counts_that_change_from_run_to_run() {
    let graph = selected();
    let mut runner = Runner::new(&graph, Isa::detect(), 2).unwrap();
    assert_eq!(runner.on_reference().into_iter().collect::<Vec<_>>(), Vec::<&str>::new());
    let mut random = Random(3);
    for rows in [1usize, 9, 2, 64, 9] {
        let x = random.tensor(DType::F32, &[rows, 4], false);
        for given in [x.clone(), Tensor::from_f64s(DType::F32, x.shape(), &x.to_f64s().iter().map(|v| -v.abs()).collect::<Vec<_>>())] {
            let want = reference::run(&graph, std::slice::from_ref(&given)).unwrap();
            let got = runner.run(&[given]).unwrap();
            let tolerance = tvmtrt::ir::opdef::Tolerance::FUNCTION;
            suite::compare_within(&format!("{rows} rows"), tolerance, &got, &want).unwrap();
        }
    }
}
