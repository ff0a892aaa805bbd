//! Keys of what a build makes: all that decides what an engine is, as text that people can read. Two builds with one key could have
//! used each other's engines; anything else must differ in the text.

use crate::cuda::device::Device;
use crate::network::Network;
use crate::network::weights::may_change;
use crate::tensor::digest::Digest;
use crate::tensor::error::{Code, Error, Result};
use crate::tensorrt::cache::{Key, entry};
use crate::tensorrt::config::Range;
use crate::tensorrt::emit::Options;
use crate::tensorrt::library::Library;
use crate::tensorrt::plugins;
use crate::tensorrt::settings::Refit;
use std::fmt::Write;

/// Where an engine is built, and for which GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The library's flavour and full version.
    pub library: String,
    /// The GPU and its driver, or the compute capabilities that are built for.
    pub device: String,
    /// Operating system and kind of processor.
    pub system: String,
}

impl Place {
    /// Where a build with these options would be; an error where the GPU cannot be asked what it is.
    pub fn of(library: &Library, options: &Options) -> Result<Place> {
        let device = match (&options.compute_capabilities[..], &options.device) {
            ([], Some(device)) => device.to_string(),
            ([], None) => Device::get(0)?.to_string(),
            (listed, _) => listed.iter().map(|(a, b)| format!("sm {a}.{b}")).collect::<Vec<_>>().join(", "),
        };
        Ok(Place { library: library.full_version(), device, system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH) })
    }

    /// The first lines of every key: our own version comes first, since it may have made another network of the same model.
    fn head(&self, kind: &str) -> String {
        let Place { library, device, system } = self;
        let version = env!("CARGO_PKG_VERSION");
        format!("{kind} of tvmtrt {version}, format {}\nsystem: {system}\nlibrary: {library}\ndevice: {device}\n", entry::FORMAT)
    }
}

/// The key of an engine.
pub fn engine(network: &Network, options: &Options, place: &Place) -> Result<Key> {
    // Without `..`: a new option has to be thought of here.
    let Options {
        profiles,
        workspace,
        effort,
        compute_capabilities,
        settings,
        plugins,
        device: _,
        timing: _,
        log: _,
        progress: _,
        keep: _,
    } = options;
    let mut text = place.head("engine");
    let write = |text: &mut String, line: std::fmt::Arguments| {
        text.write_fmt(line).map_err(|_| Error::new(Code::Internal, "a key cannot be written"))
    };
    write(&mut text, format_args!("workspace: {workspace:?}\neffort: {effort:?}\ncapabilities: {compute_capabilities:?}\n"))?;
    write(&mut text, format_args!("{settings:#?}\n"))?;
    for Range { min, opt, max } in profiles {
        write(&mut text, format_args!("profile: {min:?} {opt:?} {max:?}\n"))?;
    }
    for digest in plugins::digests(plugins)? {
        write(&mut text, format_args!("plugins: #{digest}\n"))?;
    }
    if settings.keeps_names() {
        write(&mut text, format_args!("names: #{}\n", names(network)))?;
    }
    if settings.refit != Refit::Any {
        write(&mut text, format_args!("network:\n{network}"))?;
        return Ok(Key::new(text));
    }
    // Apart, so that engines that differ in nothing else know each other.
    write(&mut text, format_args!("network:\n{}{WEIGHTS}", network.structure()))?;
    for weights in network.weights().iter().filter(|w| may_change(w.tensor)) {
        write(&mut text, format_args!("#{}\n", weights.tensor.digest()))?;
    }
    Ok(Key::new(text))
}

/// What stands in front of the digests of weights, in the key of an engine whose weights can be changed.
const WEIGHTS: &str = "weights:\n";

/// Which of the weights of a network that may change differ from those of another engine, in the order of [`Network::weights`]; `None` where more differs
/// than weights, or one of the engines cannot be changed. Both are texts of keys.
pub fn other_weights(own: &str, other: &str) -> Option<Vec<bool>> {
    let (structure, own) = own.split_once(&format!("\n{WEIGHTS}"))?;
    let (their_structure, theirs) = other.split_once(&format!("\n{WEIGHTS}"))?;
    let same = structure == their_structure && own.lines().count() == theirs.lines().count();
    same.then(|| own.lines().zip(theirs.lines()).map(|(a, b)| a != b).collect())
}

/// The key of measurements.
pub fn timing(place: &Place) -> Key {
    Key::new(place.head("measurements"))
}

/// Names of layers and tensors, which the text of a network leaves out.
fn names(network: &Network) -> Digest {
    let tensors = network.tensors.iter().map(|t| t.name.as_bytes());
    Digest::of_parts(network.layers.iter().map(|l| l.name.as_bytes()).chain(tensors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::builder::Builder;
    use crate::network::layer::{Activation, ElementWise, LayerKind};
    use crate::tensor::dim::{Bindings, Dim};
    use crate::tensor::dtype::DType;
    use crate::tensor::host::Tensor;
    use crate::tensorrt::abi::ProfilingVerbosity;
    use crate::tensorrt::settings::Settings;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    fn network(scope: &str, extent: i64, weight: f32, alpha: f32) -> Network {
        let mut b = Builder::new(scope);
        b.scope(scope);
        let x = b.input("x", DType::F32, &[Dim::symbol("N", 1, 8), Dim::from(extent)]);
        let w = b.constant(Tensor::from_vec(&[1, 1], vec![weight])).unwrap();
        let sum = b.elementwise(ElementWise::Sum, x, w).unwrap();
        let y = b.add(LayerKind::Activation(Activation::LeakyRelu, alpha, 0.0), &[sum]).unwrap();
        b.output(y, "y").unwrap();
        b.finish()
    }

    fn place() -> Place {
        Place { library: "TensorRT 10.6.0, build 26".into(), device: "A, sm 8.6".into(), system: "linux x86_64".into() }
    }

    #[test]
    fn whatever_reaches_the_builder_gives_another_key() {
        let plain = |o: &Options| engine(&network("a", 2, 1.0, 0.1), o, &place()).unwrap().stem();
        let of = |o: Options| plain(&o);
        let base = Options::default();
        let mut keys = vec![plain(&base)];
        let implicit = Network { batch: Some(Dim::from(8i64)), ..network("a", 2, 1.0, 0.1) };
        for other in [network("a", 3, 1.0, 0.1), network("a", 2, 1.5, 0.1), network("a", 2, 1.0, 0.2), implicit] {
            keys.push(engine(&other, &base, &place()).unwrap().stem());
        }
        let other = |change: fn(&mut Place)| {
            let mut place = place();
            change(&mut place);
            engine(&network("a", 2, 1.0, 0.1), &Options::default(), &place).unwrap().stem()
        };
        keys.push(other(|p| p.library = "TensorRT 10.6.0, build 27".into()));
        keys.push(other(|p| p.library = "TensorRT for RTX 10.6.0, build 26".into()));
        keys.push(other(|p| p.device = "B, sm 8.6".into()));
        keys.push(other(|p| p.system = "linux aarch64".into()));
        let at = |n| Bindings::from([(Arc::from("N"), n)]);
        let range = |n| Range { min: at(1), opt: at(n), max: at(8) };
        keys.push(of(Options { workspace: Some(1), ..base.clone() }));
        keys.push(of(Options { effort: Some(1), ..base.clone() }));
        keys.push(of(Options { compute_capabilities: vec![(8, 6)], ..base.clone() }));
        keys.push(of(Options { profiles: vec![range(4)], ..base.clone() }));
        keys.push(of(Options { profiles: vec![range(8)], ..base.clone() }));
        keys.push(of(Options { profiles: vec![range(8), range(4)], ..base.clone() }));
        keys.push(of(Options { settings: Settings { tf32: true, ..Settings::default() }, ..base.clone() }));
        // Any two files that can be read.
        for file in ["Cargo.toml", "README.md"] {
            let plugins = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)];
            keys.push(of(Options { plugins, ..base.clone() }));
        }
        let distinct: BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "two of these keys are equal");
        assert_eq!(plain(&base), keys[0], "a key does not change by itself");
        assert!(engine(&network("a", 2, 1.0, 0.1), &Options { plugins: vec!["/none".into()], ..base }, &place()).is_err());
    }

    #[test]
    fn engines_that_differ_in_weights_know_each_other() {
        let key = |weight: f32, alpha: f32, refit| {
            let settings = Settings { refit, ..Settings::default() };
            engine(&network("a", 2, weight, alpha), &Options { settings, ..Options::default() }, &place()).unwrap()
        };
        let own = key(1.0, 0.1, Refit::Any);
        let other = |k: Key| other_weights(own.text(), k.text());
        assert_eq!(other(key(1.5, 0.1, Refit::Any)), Some(vec![true]));
        assert_eq!(other(key(1.0, 0.1, Refit::Any)), Some(vec![false]));
        assert_ne!(key(1.5, 0.1, Refit::Any), own);
        assert_eq!(other(key(1.5, 0.2, Refit::Any)), None);
        assert_eq!(other(key(1.5, 0.1, Refit::Identical)), None);
        assert_eq!(other(key(1.5, 0.1, Refit::Off)), None);
    }

    #[test]
    fn names_of_layers_count_only_where_an_engine_keeps_them_for_use() {
        let key = |scope: &str, settings: Settings| {
            engine(&network(scope, 2, 1.0, 0.1), &Options { settings, ..Options::default() }, &place()).unwrap()
        };
        let plain = Settings::default;
        assert_eq!(key("a", plain()), key("b", plain()));
        for settings in
            [Settings { refit: Refit::Any, ..plain() }, Settings { profiling_verbosity: ProfilingVerbosity::Detailed, ..plain() }]
        {
            assert_ne!(key("a", settings.clone()), key("b", settings));
        }
        assert_ne!(timing(&place()), key("a", plain()));
    }
}
