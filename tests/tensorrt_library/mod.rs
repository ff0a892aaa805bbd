//! The TensorRT that tests build with, or `None` with a printed SKIP; `TVMTRT_REQUIRE=tensorrt` makes that a failure.
#![allow(dead_code)]

use tvmtrt::network::capabilities::Flavour;
use tvmtrt::tensorrt::library::Library;
use tvmtrt::tensorrt::search::Search;

/// Whatever library is found.
pub fn library() -> Option<&'static Library> {
    or_skip(Library::find(&Search::default()).map_err(|e| e.message))
}

/// TensorRT for RTX, which builds without a GPU.
pub fn rtx() -> Option<&'static Library> {
    or_skip(match Library::find(&Search::default()) {
        Ok(library) if library.release().flavour == Flavour::Rtx => Ok(library),
        Ok(library) => Err(format!("{library:?} builds only for a GPU that is here")),
        Err(e) => Err(e.message),
    })
}

fn or_skip(found: Result<&'static Library, String>) -> Option<&'static Library> {
    found
        .map_err(|why| {
            let required = std::env::var("TVMTRT_REQUIRE").is_ok_and(|r| r.split(',').any(|t| t == "tensorrt"));
            assert!(!required, "TensorRT is required: {why}");
            println!("SKIP tensorrt: {}", why.lines().next().unwrap_or(""));
        })
        .ok()
}
