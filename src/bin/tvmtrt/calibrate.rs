//! `tvmtrt calibrate`: a table of ranges for engines in int8, from the caller's data.

use crate::data::{placed, read};
use crate::flow::Flow;
use crate::request::{Answer, Failure, Request};
use crate::words::count;
use serde_json::json;
use std::path::Path;
use std::time::Instant;
use tvmtrt::capi::option_read;
use tvmtrt::session::arguments::all_given;
use tvmtrt::session::calibration::Calibration;
use tvmtrt::tensor::error::{Context, Result};
use tvmtrt::tensor::host::Tensor;

/// `tvmtrt calibrate`.
pub fn calibrate(request: &Request) -> Answer {
    let Some(out) = request.file("out") else {
        return Err(Failure::Usage("where to? give --out FILE; the option --calibration of a build reads it".into()));
    };
    let mut flow = Flow::new(request)?;
    let partition = flow.partition()?;
    let mut calibration = Calibration::new(&partition, &option_read::calibration(&flow.options)?)?;
    let inputs = calibration.inputs.clone();
    let (files, begin) = (&request.operands[1..], Instant::now());
    for (i, file) in files.iter().enumerate() {
        let path = Path::new(file);
        let work = || sample(path, &inputs).and_then(|s| calibration.add(&s));
        flow.console.work(format!("calibrating, {} of {}", i + 1, files.len()), work).context(|| format!("'{}'", path.display()))?;
    }
    flow.took("runs", begin);
    calibration.write(out)?;
    if request.json() {
        let all = json!({ "schema_version": 1, "path": out.display().to_string(), "runs": files.len(), "milliseconds": flow.times_json() });
        return Ok((format!("{all:#}\n"), true));
    }
    Ok((format!("{}: ranges of {}; {}\n", out.display(), count(files.len(), "run"), flow.times_text()), true))
}

fn sample(path: &Path, known: &[tvmtrt::session::value::ValueInfo]) -> Result<Vec<Tensor>> {
    let given = placed(read(path, "input")?, known, "input")?;
    all_given(&given, known, true)?;
    Ok(given.into_iter().flatten().collect())
}
