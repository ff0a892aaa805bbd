//! The command `tvmtrt`: arguments in, one text out, progress on standard error. It uses the library from outside, as any program
//! does, and decides nothing that the library could. [`table`] has every subcommand and flag; help and completion are made from it.

mod arguments;
mod bench;
mod build;
mod cache;
mod calibrate;
mod compare;
mod completion;
mod console;
mod data;
mod explain;
mod flow;
mod help;
mod info;
mod npy;
mod npz;
mod request;
mod run;
mod shapes;
mod table;
mod words;

use crate::request::{Answer, Failure, Request};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use tvmtrt::tensor::error::Code;

fn main() -> ExitCode {
    let (request, answer) = match arguments::parse(std::env::args_os().skip(1)) {
        Err(failure) => (None, Err(failure)),
        Ok(request) => {
            let answer = answer(&request);
            (Some(request), answer)
        }
    };
    let (text, code) = match answer {
        Ok((text, well)) => (text, u8::from(!well)),
        Err(Failure::Usage(why)) => {
            let place = request.and_then(|r| r.command).map_or(String::new(), |c| format!("{} ", c.name));
            return fail(&format!("{why}; tvmtrt {place}--help says what there is"), 2);
        }
        Err(Failure::Failed(e)) if e.code == Code::Cancelled => return fail("stopped", 130),
        Err(Failure::Failed(e)) => return fail(&e.message, 1),
    };
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A reader that has enough closes the pipe: no error.
        Err(e) if e.kind() != ErrorKind::BrokenPipe => fail(&format!("standard output: {e}"), 1),
        _ => ExitCode::from(code),
    }
}

fn answer(request: &Request) -> Answer {
    if request.has("version") {
        return Ok((format!("tvmtrt {}\n", env!("CARGO_PKG_VERSION")), true));
    }
    match request.command {
        Some(command) if request.has("help") => Ok((help::of(command), true)),
        Some(command) => (command.run)(request),
        None if request.has("help") => Ok((help::all(), true)),
        None => Err(Failure::Usage("no command is given".into())),
    }
}

/// Says why on standard error. One that is closed is no reason to fail otherwise.
fn fail(why: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "tvmtrt: {why}");
    ExitCode::from(code)
}
