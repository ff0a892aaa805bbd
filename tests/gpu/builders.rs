//! What making a builder costs, alone and beside another: run it in a process of its own.

use crate::support::find;
use std::time::Instant;
use tvmtrt::tensorrt::builder::Builder;

#[test]
fn time_of_making_builders() {
    let Some(gpu) = find() else { return };
    let _current = gpu.device.enter().unwrap();
    let make = || {
        let begin = Instant::now();
        let builder = Builder::new(gpu.library, None).unwrap();
        let made = begin.elapsed().as_secs_f64();
        (builder, made)
    };
    for _ in 0..3 {
        let (builder, made) = make();
        let begin = Instant::now();
        drop(builder);
        println!("alone: made in {made:.3} s, ended in {:.3} s", begin.elapsed().as_secs_f64());
    }
    let _kept = make();
    for _ in 0..3 {
        println!("beside another: made in {:.3} s", make().1);
    }
}
