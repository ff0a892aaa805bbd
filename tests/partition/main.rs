//! Tests of the partitioner on small operators of their own: counts against brute force, rules, options, texts.

mod dags;
mod golden;
mod json;
mod late;
mod pictures;
mod rules;
mod tensorrt;
mod toy;
