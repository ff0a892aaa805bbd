//! Windows that slide over the spatial axes: sizes, steps, gaps and padding of convolutions and pools.

use crate::import::onnx::node::Cx;
use crate::ir::ValueId;
use crate::ir::attrs::Attr;
use crate::tensor::dim::Dim;
use crate::tensor::error::Result;
use crate::{ensure, fail};

/// A window over the axes behind batch and channel.
#[derive(Debug)]
pub struct Window {
    /// Extents.
    pub size: Vec<i64>,
    /// Steps.
    pub strides: Vec<i64>,
    /// Distance of neighbouring elements.
    pub dilation: Vec<i64>,
    /// Padding: of all axes at the beginning, then of all at the end.
    pub padding: Vec<i64>,
    /// False where padding follows from the operand's extents.
    pub explicit: bool,
}

impl Window {
    /// The window of a node over `x`, whose padding is still to be found; `size` is its extent where the attribute leaves it out.
    pub fn unpadded(cx: &Cx, x: ValueId, size: Option<Vec<i64>>) -> Result<Window> {
        let extents = cx.shape(x);
        ensure!(extents.len() >= 3, MalformedModel, "its operand is {}, without axes behind batch and channel", cx.fact(x));
        let axes = extents.len() - 2;
        let stated = cx.attrs.ints("kernel_shape")?;
        if let (Some(stated), Some(size)) = (&stated, &size) {
            ensure!(stated == size, MalformedModel, "attribute 'kernel_shape' is {stated:?}, but the weights have {size:?}");
        }
        let Some(size) = size.or(stated) else { fail!(MalformedModel, "attribute 'kernel_shape' is missing") };
        let ones = || vec![1; axes];
        let strides = cx.attrs.ints("strides")?.unwrap_or_else(ones);
        let dilation = cx.attrs.ints("dilations")?.unwrap_or_else(ones);
        for (name, list) in [("kernel_shape", &size), ("strides", &strides), ("dilations", &dilation)] {
            let fits = list.len() == axes && list.iter().all(|v| (1..=i64::from(i32::MAX)).contains(v));
            ensure!(fits, MalformedModel, "attribute '{name}' is {list:?}; {axes} positive numbers are needed");
        }
        Ok(Window { size, strides, dilation, padding: vec![0; 2 * axes], explicit: false })
    }

    /// The window of a node over `x`, with its padding.
    pub fn new(cx: &Cx, x: ValueId, size: Option<Vec<i64>>) -> Result<Window> {
        let mut window = Window::unpadded(cx, x, size)?;
        let extents = cx.shape(x);
        match cx.attrs.text_or("auto_pad", "NOTSET")? {
            "NOTSET" | "" => {
                window.explicit = true;
                window.stated_padding(cx)?;
            }
            mode @ ("SAME_UPPER" | "SAME_LOWER") => {
                cx.attrs.ignore("pads");
                window.pad_to_same(&extents[2..], mode == "SAME_UPPER")?;
            }
            "VALID" => cx.attrs.ignore("pads"),
            other => fail!(MalformedModel, "attribute 'auto_pad' is '{other}', none of NOTSET, SAME_UPPER, SAME_LOWER, VALID"),
        }
        Ok(window)
    }

    /// Takes the padding that the node states.
    pub fn stated_padding(&mut self, cx: &Cx) -> Result<()> {
        let Some(pads) = cx.attrs.ints("pads")? else { return Ok(()) };
        let count = self.padding.len();
        let fits = pads.len() == count && pads.iter().all(|v| (0..=i64::from(i32::MAX)).contains(v));
        ensure!(fits, MalformedModel, "attribute 'pads' is {pads:?}; {count} numbers from 0 on are needed");
        self.padding = pads;
        Ok(())
    }

    /// Padding that makes each result extent the operand's divided by the step, rounded up.
    fn pad_to_same(&mut self, extents: &[Dim], more_at_end: bool) -> Result<()> {
        for (axis, extent) in extents.iter().enumerate() {
            let reach = Dim::from((self.size[axis] - 1).saturating_mul(self.dilation[axis]).saturating_add(1));
            let step = Dim::from(self.strides[axis]);
            let steps = &(&extent.ceil_div(&step) - &Dim::from(1i64)) * &step;
            let total = (&(&steps + &reach) - extent).max_with(&Dim::from(0i64));
            let Some(total) = total.as_const() else {
                fail!(
                    UnsupportedModel,
                    "attribute 'auto_pad' makes its padding depend on the extent {extent}; fix that to a number, or export with 'pads'"
                )
            };
            let (less, more) = (total / 2, total - total / 2);
            let (begin, end) = if more_at_end { (less, more) } else { (more, less) };
            (self.padding[axis], self.padding[extents.len() + axis]) = (begin, end);
        }
        Ok(())
    }

    /// Number of spatial axes.
    pub fn axes(&self) -> usize {
        self.size.len()
    }

    /// The attributes that convolutions and pools share.
    pub fn attrs(&self) -> Vec<(&'static str, Attr)> {
        vec![
            ("strides", Attr::Ints(self.strides.clone())),
            ("padding", Attr::Ints(self.padding.clone())),
            ("dilation", Attr::Ints(self.dilation.clone())),
        ]
    }
}

/// The name of an operator with 1, 2 or 3 spatial axes, where there is one.
pub fn ranked(cx: &Cx, op: &str, axes: usize) -> Result<String> {
    let name = format!("{op}{axes}d");
    ensure!(cx.has_op(&name), UnsupportedOperator, "it needs operator '{name}', which is not known here");
    Ok(name)
}
