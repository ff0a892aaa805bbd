//! `tvmtrt run`: one run, its outputs shown, written, compared.

use crate::compare;
use crate::data::{inputs, write_outputs};
use crate::flow::{Flow, regions_json};
use crate::request::{Answer, Request};
use crate::words;
use serde_json::{Value, json};
use std::time::Instant;
use tvmtrt::session::run::{Session, Sink, View};
use tvmtrt::tensor::error::Result;
use tvmtrt::tensor::host::Tensor;

/// `tvmtrt run`.
pub fn run(request: &Request) -> Answer {
    let mut flow = Flow::new(request)?;
    let build = flow.build()?.build().clone();
    let data = inputs(request, build.inputs(), &build.partition.symbols)?;
    let mut session = flow.session(&build)?;
    let begin = Instant::now();
    let outputs = flow.console.work("running", || once(&mut session, &data.views()))?;
    flow.took("run", begin);
    if let Some(path) = request.file("out") {
        write_outputs(path, build.outputs(), &outputs)?;
    }
    let differences = compare::expected(request, build.outputs(), &outputs)?;
    let well = differences.iter().flatten().all(|d| d.well());
    let named = || build.outputs().iter().zip(&outputs);
    if request.json() {
        let outputs: Vec<Value> = named()
            .map(|(v, t)| json!({ "name": v.name, "dtype": t.dtype().name(), "shape": t.shape(), "first": words::first(t) }))
            .collect();
        let all = json!({
            "schema_version": 1,
            "milliseconds": flow.times_json(),
            "random_inputs": data.random,
            "seed": (!data.random.is_empty()).then_some(data.seed),
            "regions": regions_json(&build),
            "outputs": outputs,
            "expected": differences.map(|d| d.iter().map(|d| d.json()).collect::<Vec<_>>()),
        });
        return Ok((format!("{all:#}\n"), well));
    }
    let mut text = data.note();
    named().for_each(|(v, t)| text += &format!("{}: {}\n", v.name, words::tensor(t)));
    differences.iter().flatten().for_each(|d| text += &d.text());
    Ok((text + &flow.times_text() + "\n", well))
}

/// One run with new outputs.
pub fn once(session: &mut Session, inputs: &[View]) -> Result<Vec<Tensor>> {
    let mut sinks: Vec<Sink> = session.build().outputs().iter().map(|_| Sink::Make(None)).collect();
    session.run(inputs, &mut sinks)?;
    session.synchronize()?;
    Ok(sinks.into_iter().filter_map(|s| if let Sink::Make(made) = s { made } else { None }).collect())
}
