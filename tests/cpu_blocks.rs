//! Images in blocks of channels: convolution and pooling against plain nested loops in double precision on every instruction set of the
//! machine, and graphs whose layout is chosen against the oracle, on the CPU and by the kernels' own text.
#![allow(unsafe_code)]

mod suite;

use std::sync::Mutex;
use suite::cpu::Runner;
use suite::{Random, compare_within};
use tvmtrt::cpu::blocks::{BlockConv, blocks};
use tvmtrt::cpu::channelwise::{ChannelWeights, convolve, pool};
use tvmtrt::cpu::conv::{ConvParams, Images};
use tvmtrt::cpu::gemm::{Epilogue, Output};
use tvmtrt::cpu::isa::Isa;
use tvmtrt::cpu::pool::Pool;
use tvmtrt::cpu::pool2d::{Count, PoolParams, Pooling};
use tvmtrt::cpu::scratch::Scratch;
use tvmtrt::ir::attrs::Attr;
use tvmtrt::ir::build::Builder;
use tvmtrt::ir::fact::Fact;
use tvmtrt::ir::opdef::Tolerance;
use tvmtrt::ir::{Graph, ValueId};
use tvmtrt::kernels::compile;
use tvmtrt::kernels::program::{Action, Kind, Program};
use tvmtrt::loops::contract::BLOCK;
use tvmtrt::loops::eval;
use tvmtrt::reference;
use tvmtrt::tensor::bind::{Given, bind};
use tvmtrt::tensor::dim::{Bindings, Dim};
use tvmtrt::tensor::dtype::DType;
use tvmtrt::tensor::host::Tensor;
use tvmtrt::tensor::shape;

fn below(random: &mut Random, n: usize) -> usize {
    (random.next() % n as u64) as usize
}

fn fill(random: &mut Random, len: usize) -> Vec<f32> {
    random.tensor(DType::F32, &[len], false).values::<f32>().to_vec()
}

/// Planes as blocks; what is behind the last channel is NaN, so that nothing may depend on it.
fn to_blocks(planes: &[f32], count: usize, channels: usize, pixels: usize) -> Vec<f32> {
    let mut all = vec![f32::NAN; count * blocks(channels) * pixels * BLOCK];
    for (n, c, p) in (0..count).flat_map(|n| (0..channels).flat_map(move |c| (0..pixels).map(move |p| (n, c, p)))) {
        all[((n * blocks(channels) + c / BLOCK) * pixels + p) * BLOCK + c % BLOCK] = planes[(n * channels + c) * pixels + p];
    }
    all
}

/// What is expected of each element: its value, and a sum of magnitudes that bounds its error.
type Wanted<'a> = dyn Fn(usize, usize, usize) -> (f64, f64) + 'a;

/// Runs `f` with an output of blocks and an epilogue that adds 1; sees that each pixel of each block is finished once, and compares.
fn check(
    count: usize,
    channels: usize,
    pixels: usize,
    terms: usize,
    what: &str,
    want: &Wanted<'_>,
    f: impl FnOnce(Output, Option<Epilogue>),
) {
    let of = blocks(channels);
    let mut y = vec![f32::NAN; count * of * pixels * BLOCK];
    let seen = Mutex::new(vec![0u8; count * of * pixels]);
    let base = y.as_mut_ptr() as usize;
    let epilogue = |n: usize, b0: usize, b1: usize, p0: usize, p1: usize| {
        assert!(b1 <= of && p1 <= pixels, "{what}");
        for i in (b0..b1).flat_map(|b| (p0..p1).map(move |p| (n * of + b) * pixels + p)) {
            seen.lock().unwrap()[i] += 1;
            // SAFETY: inside the output, and this part is finished.
            (0..BLOCK).for_each(|l| unsafe { *(base as *mut f32).add(i * BLOCK + l) += 1.0 });
        }
    };
    f(Output::dense(&mut y), Some(&epilogue));
    assert!(seen.into_inner().unwrap().iter().all(|n| *n == 1), "{what}: not each pixel is finished once");
    for (n, c, p) in (0..count).flat_map(|n| (0..channels).flat_map(move |c| (0..pixels).map(move |p| (n, c, p)))) {
        let (value, size) = want(n, c, p);
        let got = f64::from(y[((n * of + c / BLOCK) * pixels + p) * BLOCK + c % BLOCK]) - 1.0;
        let bound = (terms as f64 + 3.0) * f64::from(f32::EPSILON) * (size + 1.0);
        assert!((got - value).abs() <= bound || got == value, "{what}: image {n} channel {c} pixel {p}: {got}, not {value}");
    }
}

/// The elements of window `o` in an image of this size: (place in the window, pixel).
fn window(p: &ConvParams, [h, w]: [usize; 2], o: [usize; 2]) -> Vec<(usize, usize)> {
    let at = |d: usize, k: usize, size: usize| {
        (o[d] * p.stride[d + 1] + k * p.dilation[d + 1]).checked_sub(p.pad_begin[d + 1]).filter(|i| *i < size)
    };
    let [_, kh, kw] = p.kernel;
    (0..kh * kw).filter_map(|t| Some((t, at(0, t / kw, h)? * w + at(1, t % kw, w)?))).collect()
}

/// A random window over images of a random size.
fn any(random: &mut Random, channels: (usize, usize, usize)) -> (ConvParams, [usize; 2]) {
    let mut two = |low: usize, n: usize| [low + below(random, n), low + below(random, n)];
    let (kernel, stride, dilation, begin, end) = (two(1, 4), two(1, 3), two(1, 2), two(0, 3), two(0, 3));
    let size = two(1, 20);
    (ConvParams::new(channels.0, channels.1, channels.2, &kernel).stride(&stride).dilation(&dilation).pad(&begin, &end), size)
}

fn check_conv(isa: Isa, team: &Pool, scratch: &mut Scratch, p: &ConvParams, [h, w]: [usize; 2], planes: bool, random: &mut Random) {
    let count = below(random, 3);
    let (data, weights) = (fill(random, count * p.inputs * h * w), fill(random, p.outputs * p.depth()));
    let [_, oh, ow] = p.output([1, h, w]);
    let (depth, taps) = (p.inputs / p.groups, p.kernel[1] * p.kernel[2]);
    let want = |n: usize, c: usize, pixel: usize| {
        let (mut sum, mut size) = (0.0, 0.0);
        for (tap, at) in window(p, [h, w], [pixel / ow, pixel % ow]) {
            for i in 0..depth {
                let input = if p.groups == 1 { i } else { c };
                let term = f64::from(data[(n * p.inputs + input) * h * w + at]) * f64::from(weights[(c * depth + i) * taps + tap]);
                (sum, size) = (sum + term, size + term.abs());
            }
        }
        (sum, size)
    };
    let blocked = to_blocks(&data, count, p.inputs, h * w);
    let images = Images { data: if planes { &data } else { &blocked }, count, size: [1, h, w] };
    let what = format!("{} {} threads planes {planes} {count} x {h} x {w} {p:?}", isa.name(), team.threads());
    check(count, p.outputs, oh * ow, p.depth(), &what, &want, |out, epilogue| {
        if p.groups == 1 {
            BlockConv::new(isa, *p, planes, &weights).run(team, scratch, images, out, epilogue);
        } else {
            convolve(isa, p, &ChannelWeights::new(p, &weights), team, images, out, epilogue);
        }
    });
}

#[test]
fn convolution_agrees_with_nested_loops() {
    let (mut random, mut scratch) = (Random(3), Scratch::new());
    for isa in Isa::available() {
        for threads in 1..=3 {
            let team = Pool::new(threads);
            for round in 0..60 {
                let (inputs, outputs) = (1 + below(&mut random, 40), 1 + below(&mut random, 100));
                let channelwise = round % 3 == 2;
                let channels = if channelwise { (inputs + 1, inputs + 1, inputs + 1) } else { (inputs, outputs, 1) };
                let (p, size) = any(&mut random, channels);
                check_conv(isa, &team, &mut scratch, &p, size, round % 3 == 1, &mut random);
            }
            // Wide enough for stretches of pixels, weights for several walks over the input, and the first layer of known networks.
            let new = |i, o, kernel, stride, pad| ConvParams::new(i, o, 1, &[kernel; 2]).stride(&[stride; 2]).pad(&[pad; 2], &[pad; 2]);
            for (p, size, planes) in
                [(new(70, 130, 1, 1, 0), [17, 19], false), (new(260, 64, 3, 1, 1), [7, 7], false), (new(3, 24, 7, 2, 3), [40, 33], true)]
            {
                check_conv(isa, &team, &mut scratch, &p, size, planes, &mut random);
            }
        }
    }
}

#[test]
fn pooling_agrees_with_nested_loops() {
    let mut random = Random(5);
    for isa in Isa::available() {
        for threads in 1..=2 {
            let team = Pool::new(threads);
            for round in 0..60 {
                let channels = 1 + below(&mut random, 40);
                let (p, [h, w]) = any(&mut random, (channels, channels, channels));
                let over = below(&mut random, 2);
                // Windows may hang over the padding, as where sizes are rounded up.
                let [oh, ow] = [0, 1].map(|d| p.output([1, h, w])[d + 1] + over);
                let count = below(&mut random, 3);
                let data = fill(&mut random, count * channels * h * w);
                let pooling = [Pooling::Max, Pooling::Average(Count::Image), Pooling::Average(Count::Padded)][round % 3];
                let two = |v: [usize; 3]| [v[1], v[2]];
                let pad_end = two(p.pad_end);
                let params = PoolParams {
                    kernel: two(p.kernel),
                    stride: two(p.stride),
                    dilation: two(p.dilation),
                    pad_begin: two(p.pad_begin),
                    pad_end,
                };
                let padded = |o: [usize; 2]| -> usize {
                    let inside = |d: usize| {
                        let end = [h, w][d] + p.pad_begin[d + 1] + p.pad_end[d + 1];
                        (0..params.kernel[d]).filter(|k| o[d] * params.stride[d] + k * params.dilation[d] < end).count()
                    };
                    inside(0) * inside(1)
                };
                let want = |n: usize, c: usize, pixel: usize| {
                    let o = [pixel / ow, pixel % ow];
                    let seen = window(&p, [h, w], o);
                    let values: Vec<f64> = seen.iter().map(|(_, at)| f64::from(data[(n * channels + c) * h * w + at])).collect();
                    let sum: f64 = values.iter().sum();
                    match pooling {
                        Pooling::Max => (values.iter().copied().fold(f64::NEG_INFINITY, f64::max), 1.0),
                        Pooling::Average(Count::Padded) => (sum / padded(o).max(1) as f64, values.iter().map(|v| v.abs()).sum()),
                        Pooling::Average(_) => (sum / values.len().max(1) as f64, values.iter().map(|v| v.abs()).sum()),
                    }
                };
                let blocked = to_blocks(&data, count, channels, h * w);
                let images = Images { data: &blocked, count, size: [1, h, w] };
                let what = format!("{} {threads} threads {pooling:?} {count} x {h} x {w} {params:?}", isa.name());
                check(count, channels, oh * ow, 16, &what, &want, |out, epilogue| {
                    pool(isa, &params, pooling, &team, images, blocks(channels), [oh, ow], out, epilogue);
                });
            }
        }
    }
}

/// A graph by operator names.
struct Make(Builder, Random);

impl Make {
    fn weight(&mut self, shape: &[usize]) -> ValueId {
        let t = self.1.tensor(DType::F32, shape, false);
        self.0.constant("w", Tensor::from_vec(shape, t.values::<f32>().iter().map(|v| v * 0.2).collect()))
    }

    fn op(&mut self, op: &str, attrs: &[(&str, Attr)], operands: &[ValueId]) -> ValueId {
        let def = tvmtrt::ops::find(op).unwrap_or_else(|| panic!("no operator {op}"));
        let attrs = (def.attrs.parse)(&mut |n| attrs.iter().find(|(k, _)| *k == n).map(|(_, v)| v.clone())).unwrap();
        self.0.node("", def, attrs, operands).unwrap_or_else(|e| panic!("{e}"))[0]
    }

    /// A convolution with a bias, from channels to channels; of as many groups where these are alike.
    fn conv(&mut self, x: ValueId, [from, to]: [usize; 2], kernel: usize, stride: i64, channelwise: bool) -> ValueId {
        let groups = if channelwise { from } else { 1 };
        let w = self.weight(&[to, from / groups, kernel, kernel]);
        let ints = |v: i64| Attr::Ints(vec![v; 2]);
        let attrs = [("groups", Attr::Int(groups as i64)), ("strides", ints(stride)), ("padding", ints(kernel as i64 / 2))];
        let y = self.op("nn.conv2d", &attrs, &[x, w]);
        let bias = self.weight(&[to]);
        self.op("nn.bias_add", &[("axis", Attr::Int(1))], &[y, bias])
    }
}

/// A network of all that can be in blocks, with odd numbers of channels: a first layer, blocks with residuals channel by channel,
/// poolings, a concatenation, epilogues of every kind, a squeeze, grouped channels and a transpose, which cannot.
fn network(seed: u64, dims: &[Dim]) -> Graph {
    let mut m = Make(Builder::new("blocks"), Random(seed));
    let mut pick = Random(seed + 100);
    let channels = [24, 16, 33, 40][below(&mut pick, 4)];
    let wide = 16 * (2 + below(&mut pick, 3));
    let x = m.0.input("x", Fact::new(DType::F32, dims.to_vec())).unwrap();
    let x = m.conv(x, [3, channels], 3, 1 + below(&mut pick, 2) as i64, false);
    let x = m.op("nn.relu", &[], &[x]);
    let y = m.conv(x, [channels, wide], 1, 1, false);
    let clip = [("a_min", Attr::Float(0.0)), ("a_max", Attr::Float(0.5))];
    let y = m.op("clip", &clip, &[y]);
    let y = m.conv(y, [wide, wide], [3, 5][below(&mut pick, 2)], 1, true);
    let gate = m.op("sigmoid", &[], &[y]);
    let y = m.op("multiply", &[], &[y, gate]);
    let y = m.conv(y, [wide, channels], 1, 1, false);
    let x = m.op("add", &[], &[x, y]);
    let ints = |v: i64| Attr::Ints(vec![v; 2]);
    let attrs = [("pool_size", ints(3)), ("strides", ints(2)), ("padding", ints(1)), ("ceil_mode", Attr::Bool(below(&mut pick, 2) == 0))];
    let x = m.op(["nn.max_pool2d", "nn.avg_pool2d"][below(&mut pick, 2)], &attrs, &[x]);
    let (a, b) = (m.conv(x, [channels, 32], 1, 1, false), m.conv(x, [channels, 48], 3, 1, false));
    let b = m.op("nn.relu", &[], &[b]);
    let both = m.op("concatenate", &[("axis", Attr::Int(1))], &[a, b]);
    let squeezed = m.op("nn.global_avg_pool2d", &[], &[both]);
    let scaled = m.op("multiply", &[], &[both, squeezed]);
    let y = m.conv(scaled, [80, 19], 3, 1, false);
    m.0.output("turned", both).unwrap();
    m.0.output("y", y).unwrap();
    m.0.finish()
}

/// Runs a program's kernels by their own text.
fn evaluated(program: &Program, inputs: &[Tensor], bindings: &Bindings) -> Vec<Tensor> {
    let mut held: Vec<Option<Tensor>> = vec![None; program.buffers.len()];
    let value = |held: &[Option<Tensor>], b| {
        let t = match &program.buffer(program.root(b)).kind {
            Kind::Input(k) => inputs[*k].clone(),
            Kind::Const(t) => t.clone(),
            _ => held[program.root(b).0 as usize].clone().unwrap(),
        };
        let shape = shape::eval(&program.buffer(b).shape, bindings).unwrap();
        Tensor::new(t.dtype(), shape, t.bytes().clone()).unwrap()
    };
    for step in &program.steps {
        let Action::Kernel(kernel) = &step.action else { panic!("a step that is no kernel") };
        let given: Vec<Tensor> = step.reads().map(|b| value(&held, b)).collect();
        let mut made = eval::run(kernel, &given, bindings).unwrap().into_iter();
        for (b, _) in step.writes().zip(kernel.with_role(tvmtrt::loops::Role::Output)) {
            held[program.root(b).0 as usize] = made.next();
        }
    }
    program.outputs.iter().map(|o| value(&held, *o)).collect()
}

#[test]
fn graphs_in_blocks_agree_with_the_oracle() {
    let tolerance = Tolerance { relative: 2e-5, scaled: 2e-5 };
    for seed in 1..=8 {
        let free = seed % 2 == 0;
        let symbol = |name: &str, extent: i64| if free { Dim::symbol(name, 1, 64) } else { Dim::from(extent) };
        let dims = [symbol("N", 2), Dim::from(3i64), symbol("H", 11), symbol("W", 14)];
        let graph = network(seed, &dims);
        let program = compile(&graph).unwrap();
        let [planes, in_blocks] = program.convolutions();
        assert!(in_blocks >= 6, "seed {seed}: {planes} convolutions in planes, {in_blocks} in blocks:\n{program}");
        assert!(program.to_string().contains(", 16]"), "{program}");
        let mut random = Random(seed);
        let shapes: &[[usize; 4]] = if free { &[[1, 3, 9, 13], [3, 3, 16, 8]] } else { &[[2, 3, 11, 14]] };
        for data in shapes {
            let x = [random.tensor(DType::F32, data, false)];
            let want = reference::run(&graph, &x).unwrap();
            let bindings = bind(&graph.declared_inputs(), &[Given { dtype: DType::F32, shape: data }]).unwrap();
            compare_within(&format!("text {seed} {data:?}"), tolerance, &evaluated(&program, &x, &bindings), &want).unwrap();
            for isa in Isa::available() {
                let name = format!("{} {seed} {data:?}", isa.name());
                let got = Runner::new(&graph, isa, 2).unwrap().run(&x).unwrap();
                compare_within(&name, tolerance, &got, &want).unwrap_or_else(|e| panic!("{e}"));
            }
        }
    }
}

/// Where only Winograd's convolutions run, and where a convolution stands alone among what cannot be in blocks, planes stay.
#[test]
fn planes_stay_where_they_cost_less() {
    let mut m = Make(Builder::new("planes"), Random(1));
    let x = m.0.input("x", Fact::new(DType::F32, [1i64, 128, 112, 112].map(Dim::from).to_vec())).unwrap();
    let mut y = x;
    for _ in 0..4 {
        y = m.conv(y, [128, 128], 3, 1, false);
        y = m.op("nn.relu", &[], &[y]);
    }
    m.0.output("y", y).unwrap();
    assert_eq!(compile(&m.0.finish()).unwrap().convolutions(), [4, 0]);
    let mut m = Make(Builder::new("alone"), Random(2));
    let x = m.0.input("x", Fact::new(DType::F32, [1i64, 32, 32, 32].map(Dim::from).to_vec())).unwrap();
    let y = m.conv(x, [32, 8], 1, 1, false);
    m.0.output("y", y).unwrap();
    assert_eq!(compile(&m.0.finish()).unwrap().convolutions(), [1, 0]);
}
