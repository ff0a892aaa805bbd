//! Operators with windows among elementwise ones, on the CPU's fused code against the oracle.

mod suite;

use suite::cpu::Runner;
use suite::{Random, compare_within};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::ir::ValueId;
use tvmtrt::ir::attrs::{Attr, Param};
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::reference;
use tvmtrt::tensor::dim::Dim;
use tvmtrt::tensor::dtype::DType;

type Row = (&'static str, Vec<(&'static str, Attr)>, Vec<usize>, Vec<usize>);

/// Operator, attributes, shape of the data, shape of the weights (none where empty).
fn rows() -> Vec<Row> {
    let ints = |v: &[i64]| Attr::Ints(v.to_vec());
    let dims = |v: &[i64]| Attr::Param(Param::Static(v.iter().map(|d| Dim::from(*d)).collect()));
    let text = |v: &str| Attr::Str(v.into());
    let volume = vec![2, 4, 5, 6, 7];
    let picture = vec![2, 4, 6, 7];
    let two = || ("pool_size", ints(&[2, 2, 2]));
    vec![
        ("nn.conv3d", vec![("padding", ints(&[1, 0, 1]))], volume.clone(), vec![4, 4, 3, 3, 3]),
        ("nn.conv2d_transpose", vec![("strides", ints(&[2, 2])), ("output_padding", ints(&[1, 0]))], picture.clone(), vec![4, 4, 3, 3]),
        ("nn.conv2d_transpose", vec![("groups", Attr::Int(2)), ("dilation", ints(&[2, 1]))], picture.clone(), vec![4, 2, 3, 3]),
        ("nn.conv3d_transpose", vec![("strides", ints(&[2, 1, 2]))], volume.clone(), vec![4, 4, 2, 3, 2]),
        ("nn.max_pool3d", vec![two(), ("strides", ints(&[2, 1, 2]))], volume.clone(), vec![]),
        ("nn.avg_pool3d", vec![two(), ("padding", ints(&[1, 0, 1])), ("count_include_pad", Attr::Bool(true))], volume, vec![]),
        ("nn.adaptive_avg_pool2d", vec![("output_size", ints(&[4, 5]))], picture.clone(), vec![]),
        ("nn.adaptive_max_pool2d", vec![("output_size", ints(&[3, 7]))], picture.clone(), vec![]),
        ("nn.pad", vec![("pad_width", dims(&[0, 0, 0, 0, 1, 2, 0, 1]))], picture.clone(), vec![]),
        ("nn.pad", vec![("pad_width", dims(&[0, 0, 0, 0, 1, 2, 3, 1])), ("pad_mode", text("reflect"))], picture.clone(), vec![]),
        ("nn.lrn", vec![("size", Attr::Int(3)), ("alpha", Attr::Float(0.5))], picture.clone(), vec![]),
        ("layout_transform", vec![("src_layout", text("NCHW")), ("dst_layout", text("NHWC"))], vec![2, 4, 4, 4], vec![]),
        ("image.resize2d", vec![("size", dims(&[9, 5]))], picture.clone(), vec![]),
        ("image.resize2d", vec![("size", dims(&[3, 14])), ("method", text("nearest_neighbor"))], picture, vec![]),
    ]
}

/// `relu(y * 0.5 + channel) + y` of an operator on `relu(x + 0.25)`, whose data are `x`: what stands before and behind can be fused.
#[test]
fn what_stands_around_windows_is_fused_and_right() {
    let isa = *Isa::available().last().unwrap();
    let mut failures = Vec::new();
    for (i, (op, attrs, data, weights)) in rows().into_iter().enumerate() {
        for free in [false, true] {
            let name = format!("{i} {op} {}", if free { "free" } else { "fixed" });
            let (mut b, mut random) = (Builder::new(&name), Random(i as u64 + 1));
            let x = random.tensor(DType::F32, &data, false);
            let mut dims: Vec<Dim> = data.iter().map(|d| Dim::from(*d)).collect();
            if free {
                dims[0] = Dim::symbol("N", 1, 64);
            }
            let node = |b: &mut Builder, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]| {
                let def = tvmtrt::ops::find(op).unwrap();
                let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
                b.node("", def, attrs, operands).unwrap()[0]
            };
            let input = b.input("x", Fact::new(DType::F32, dims)).unwrap();
            let quarter = b.constant("quarter", tvmtrt::tensor::host::Tensor::scalar(0.25f32));
            let before = node(&mut b, "add", &[], &[input, quarter]);
            let before = node(&mut b, "nn.relu", &[], &[before]);
            let mut operands = vec![before];
            if !weights.is_empty() {
                operands.push(b.constant("w", random.tensor(DType::F32, &weights, false)));
            }
            let y = node(&mut b, op, &attrs, &operands);
            let half = b.constant("half", tvmtrt::tensor::host::Tensor::scalar(0.5f32));
            let scaled = node(&mut b, "multiply", &[], &[y, half]);
            let bias = b.constant("bias", random.tensor(DType::F32, &[4], false));
            let biased = node(&mut b, "nn.bias_add", &[("axis", Attr::Int(1))], &[scaled, bias]);
            let after = node(&mut b, "nn.relu", &[], &[biased]);
            let after = node(&mut b, "add", &[], &[after, y]);
            b.output("y", after).unwrap();
            let graph = b.finish();
            let want = reference::run(&graph, std::slice::from_ref(&x)).unwrap();
            let mut runner = Runner::new(&graph, isa, 2).unwrap();
            assert!(runner.on_reference().is_empty(), "{name}");
            let got = runner.run(&[x]).map_err(|e| format!("{name}: {e}"));
            let tolerance = Tolerance { relative: 2e-5, scaled: 2e-5 };
            failures.extend(got.and_then(|got| compare_within(&name, tolerance, &got, &want)).err());
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
