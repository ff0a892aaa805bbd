//! The way from a file to a session, each step timed and told. What steps do is the library's.

use crate::arguments::flag_of;
use crate::console::Console;
use crate::request::{Failure, Request};
use crate::shapes;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tvmtrt::artifact::file::Artifact;
use tvmtrt::capi::artifact;
use tvmtrt::capi::build::tvmtrt_build_t;
use tvmtrt::capi::given::Given;
use tvmtrt::capi::option_read;
use tvmtrt::capi::option_table::{Row, Stage};
use tvmtrt::capi::options::tvmtrt_options_t;
use tvmtrt::session::build::Build;
use tvmtrt::session::model::Model;
use tvmtrt::session::partition::Partition;
use tvmtrt::session::run::Session;

/// What steps need and what they took.
pub struct Flow<'a> {
    request: &'a Request,
    /// The library's options.
    pub options: tvmtrt_options_t,
    /// Tells of long work.
    pub console: Console,
    /// Steps with their milliseconds, in order.
    pub times: Vec<(&'static str, f64)>,
}

impl<'a> Flow<'a> {
    /// Nothing is done yet.
    pub fn new(request: &'a Request) -> Result<Flow<'a>, Failure> {
        let (console, mut options) = (Console::new(request), request.options()?);
        options.log = Some(console.sink());
        Ok(Flow { request, options, console, times: Vec::new() })
    }

    /// Whether the first operand is an artifact: a zip, or a shared object.
    pub fn is_artifact(&self) -> bool {
        let mut magic = [0; 4];
        let read = File::open(self.request.path(0)).and_then(|mut f| f.read_exact(&mut magic));
        read.is_ok() && (magic == *b"PK\x03\x04" || magic == *b"\x7fELF")
    }

    /// Loads the first operand, a model.
    pub fn load(&mut self) -> Result<Arc<Model>, Failure> {
        let path = self.request.path(0);
        let begin = Instant::now();
        let model =
            self.console.work(format!("loading {}", name_of(path)), || Model::load_file(path, &option_read::load(&self.options)))?;
        self.took("load", begin);
        Ok(Arc::new(model))
    }

    /// Loads and partitions; an artifact is partitioned already.
    pub fn partition(&mut self) -> Result<Arc<Partition>, Failure> {
        if self.is_artifact() {
            self.no_shape()?;
            return Ok(self.artifact()?.build().partition.clone());
        }
        let model = self.load()?;
        let (specs, options) = (shapes::specs(self.request, &model.inputs)?, option_read::partition(&self.options)?);
        let begin = Instant::now();
        let partition = self.console.work("partitioning", || Partition::new(&model, &specs, &options))?;
        self.took("partition", begin);
        Ok(Arc::new(partition))
    }

    /// Loads, partitions and builds; an artifact is built already.
    pub fn build(&mut self) -> Result<tvmtrt_build_t, Failure> {
        if self.is_artifact() {
            return self.artifact();
        }
        let partition = self.partition()?;
        let begin = Instant::now();
        let build = self.console.build("building", |watch| {
            self.options.watch = Some(watch);
            option_read::build(&self.options).and_then(|options| Build::new(&partition, &options))
        })?;
        self.took("build", begin);
        Ok(tvmtrt_build_t::new(build, Given::of(&self.options)))
    }

    /// Loads an artifact.
    fn artifact(&mut self) -> Result<tvmtrt_build_t, Failure> {
        let path = self.request.path(0);
        let counts = |row: &Row| row.stages.iter().any(|s| matches!(s, Stage::BuildLoad | Stage::BuildSave | Stage::Run));
        if let Some((row, _)) = self.request.options.iter().find(|(row, _)| !counts(row)) {
            let (flag, name) = (flag_of(row), name_of(path));
            return Err(Failure::Usage(format!("--{flag} says how a model is split, and the artifact '{name}' is split already")));
        }
        let begin = Instant::now();
        let build = self.console.build(format!("loading {}", name_of(path)), |watch| {
            self.options.watch = Some(watch);
            Artifact::open(path).and_then(|artifact| artifact::build(&artifact, &self.options))
        })?;
        self.took("load", begin);
        Ok(build)
    }

    /// Refuses `--shape` where an artifact's shapes are what they are.
    pub fn no_shape(&self) -> Result<(), Failure> {
        match self.request.has("shape") && self.is_artifact() {
            true => Err(Failure::Usage("--shape: the shapes of an artifact were given when it was built".into())),
            false => Ok(()),
        }
    }

    /// A session of a build; our own code of an artifact is compiled for it.
    pub fn session(&mut self, build: &Arc<Build>) -> Result<Session, Failure> {
        let (options, begin) = (option_read::session(&self.options)?, Instant::now());
        let session = self.console.work("compiling", || Session::new(build, &options))?;
        self.took("session", begin);
        Ok(session)
    }

    /// Remembers what a step took.
    pub fn took(&mut self, step: &'static str, begin: Instant) {
        self.times.push((step, 1000.0 * begin.elapsed().as_secs_f64()));
    }

    /// Steps with their times in one line.
    pub fn times_text(&self) -> String {
        let times: Vec<String> = self.times.iter().map(|(step, ms)| format!("{step} {ms:.1} ms")).collect();
        times.join(", ")
    }

    /// The same for programs: milliseconds by step.
    pub fn times_json(&self) -> Value {
        self.times.iter().map(|(step, ms)| (step.replace(' ', "_"), json!(ms))).collect::<Map<_, _>>().into()
    }
}

/// The last part of a path.
pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Where each region runs, for programs.
pub fn regions_json(build: &Build) -> Value {
    let region = |i: usize| {
        json!({
            "name": build.partition.parts.regions[i].name,
            "state": build.region_state(i),
            "engine_bytes": build.engine(i).map(<[u8]>::len),
        })
    };
    (0..build.partition.region_count()).map(region).collect()
}
