//! The options that a build was made with and that travel with it in an artifact: where none is set, whoever loads it starts from them.

use crate::capi::option_table::{Kind, Row, Stage, find};
use crate::capi::options::tvmtrt_options_t;
use crate::session::log::{Level, Log};
use std::collections::BTreeMap;

/// Options that say something of the machine or the call, not of the build.
const LOCAL: &[&str] = &["cpu_instruction_set", "device", "engine_cache_limit", "engine_cache_mode", "log_level", "offload", "target_sm"];

/// Options that were set, and travel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given(BTreeMap<String, String>);

/// Paths lead nowhere on another machine; libraries with plugins are found by name.
fn travels(row: &Row) -> bool {
    let read = row.stages.iter().any(|s| matches!(s, Stage::Partition | Stage::Build));
    read && row.kind != Kind::Path && !LOCAL.contains(&row.key)
}

impl Given {
    /// Those of `options` that travel.
    pub fn of(options: &tvmtrt_options_t) -> Given {
        let travels = |key: &str| find(key).is_some_and(travels);
        Given(options.all_given().filter(|(k, _)| travels(k)).map(|(k, v)| (k.to_string(), v.to_string())).collect())
    }

    /// The same with `later` set over them.
    pub fn with(&self, later: &Given) -> Given {
        Given(self.0.iter().chain(&later.0).map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    /// Keys and values.
    pub fn pairs(&self) -> Vec<(String, String)> {
        self.0.clone().into_iter().collect()
    }
}

/// The options of a call over those of an artifact. What this version does not know is left out, with a warning.
pub fn over(call: &tvmtrt_options_t, saved: &[(String, String)], log: &Log) -> tvmtrt_options_t {
    let mut options = call.clone();
    for (key, value) in saved.iter().filter(|(k, _)| call.given(k).is_none()) {
        let done = match find(key).is_some_and(travels) {
            true => options.set(key, value).map_err(|e| e.message),
            false => Err(format!("there is no option '{key}' that an artifact can set")),
        };
        if let Err(why) = done {
            log.say(Level::Warning, format_args!("an option of the artifact is left out: {why}"));
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> tvmtrt_options_t {
        let mut options = tvmtrt_options_t::default();
        pairs.iter().for_each(|(k, v)| options.set(k, v).unwrap());
        options
    }

    #[test]
    fn what_is_of_this_machine_stays_here() {
        assert!(LOCAL.iter().all(|k| find(k).is_some()));
        let all =
            options(&[("device", "1"), ("engine_cache", "/x"), ("precision", "float16"), ("threads", "2"), ("artifact_engines", "none")]);
        let given = Given::of(&all);
        assert_eq!(given.pairs(), [("precision".to_string(), "float16".to_string())]);
        let later = Given::of(&options(&[("precision", "bfloat16"), ("tf32", "on")]));
        assert_eq!(given.with(&later).pairs().len(), 2);
        assert_eq!(given.with(&later).0["precision"], "bfloat16");
    }

    #[test]
    fn the_call_comes_before_the_artifact() {
        let saved: Vec<(String, String)> =
            [("precision", "float16"), ("tf32", "true"), ("device", "7"), ("nonsense", "1"), ("max_workspace_size", "much")]
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .to_vec();
        let both = over(&options(&[("precision", "int8")]), &saved, &Log::new(None, None));
        assert_eq!((both.get("precision").unwrap(), both.get("tf32").unwrap()), ("int8", "true"));
        assert_eq!((both.given("device"), both.given("max_workspace_size")), (None, None));
    }
}
