//! Attributes of operators: a typed struct per operator, declared once by [`attributes!`], which also gives its text form and docs.

use crate::network::plugin::Fields;
use crate::tensor::dim::Dim;
use crate::tensor::dtype::DType;
use crate::tensor::error::{Code, Error, Result};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// An attribute's value in its untyped form, as text and JSON show it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Attr {
    None,
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(String),
    Ints(Vec<i64>),
    DType(DType),
    Param(Param),
    Fields(Fields),
}

/// An operator's shape-like parameter: known while the graph is built, or read from an input when it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// Expressions over the graph's symbols.
    Static(Vec<Dim>),
    /// The operand at this position holds it.
    Input(usize),
}

/// A type that an attribute can have.
pub trait AttrType: Sized + Clone + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// For docs: `int`, `ints`, `float`, ...
    const NAME: &'static str;
    /// The untyped form.
    fn to_attr(&self) -> Attr;
    /// Back from the untyped form; `None` where it is of another type.
    fn from_attr(attr: &Attr) -> Option<Self>;
}

macro_rules! attr_types {
    ($($t:ty, $variant:ident, $name:literal;)*) => { $(
        impl AttrType for $t {
            const NAME: &'static str = $name;
            fn to_attr(&self) -> Attr { Attr::$variant(self.clone()) }
            fn from_attr(attr: &Attr) -> Option<Self> {
                match attr { Attr::$variant(v) => Some(v.clone()), _ => None }
            }
        }
    )* };
}

attr_types! {
    i64, Int, "int";
    bool, Bool, "bool";
    String, Str, "string";
    Vec<i64>, Ints, "ints";
    DType, DType, "dtype";
    Param, Param, "dims or input";
    Fields, Fields, "fields of a plugin";
}

impl AttrType for f64 {
    const NAME: &'static str = "float";
    fn to_attr(&self) -> Attr {
        Attr::Float(*self)
    }
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Float(v) => Some(*v),
            Attr::Int(v) => Some(*v as f64),
            _ => None,
        }
    }
}

impl<T: AttrType> AttrType for Option<T> {
    const NAME: &'static str = T::NAME;
    fn to_attr(&self) -> Attr {
        self.as_ref().map_or(Attr::None, T::to_attr)
    }
    fn from_attr(attr: &Attr) -> Option<Self> {
        if *attr == Attr::None { Some(None) } else { T::from_attr(attr).map(Some) }
    }
}

/// What an operator says of one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttrSpec {
    /// Relay's name.
    pub name: &'static str,
    /// Its type's name.
    pub kind: &'static str,
    /// One line.
    pub doc: &'static str,
}

/// A struct of attributes. Implemented by [`attributes!`] only.
pub trait OpAttrs: Clone + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// One entry per field, in order.
    const SPECS: &'static [AttrSpec];
    /// The fields in order.
    fn fields(&self) -> Vec<Attr>;
    /// From fields by name; a missing one takes its default.
    fn from_fields(get: &mut dyn FnMut(&str) -> Option<Attr>) -> Result<Self>;
}

trait Erased: fmt::Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn same(&self, other: &dyn Erased) -> bool;
    fn specs(&self) -> &'static [AttrSpec];
    fn fields(&self) -> Vec<Attr>;
}

impl<T: OpAttrs> Erased for T {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn same(&self, other: &dyn Erased) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }
    fn specs(&self) -> &'static [AttrSpec] {
        T::SPECS
    }
    fn fields(&self) -> Vec<Attr> {
        OpAttrs::fields(self)
    }
}

/// The attributes of one node, of the struct that its operator declares.
#[derive(Debug, Clone)]
pub struct Attrs(Arc<dyn Erased>);

impl Attrs {
    /// Attributes of a struct.
    pub fn new<T: OpAttrs>(attrs: T) -> Attrs {
        Attrs(Arc::new(attrs))
    }

    /// The struct.
    ///
    /// # Panics
    /// When the node's operator declares another one: a defect of the operator's entry.
    pub fn get<T: OpAttrs>(&self) -> &T {
        self.0.as_any().downcast_ref().expect("attributes of another operator")
    }

    /// Names and values in order.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, Attr)> {
        self.0.specs().iter().map(|s| s.name).zip(self.0.fields())
    }
}

impl PartialEq for Attrs {
    fn eq(&self, other: &Attrs) -> bool {
        self.0.same(&*other.0)
    }
}

/// How an operator's attributes are declared and read.
#[derive(Debug, Clone, Copy)]
pub struct AttrsDef {
    /// One entry per attribute.
    pub specs: &'static [AttrSpec],
    /// From fields by name.
    pub parse: fn(&mut dyn FnMut(&str) -> Option<Attr>) -> Result<Attrs>,
}

impl AttrsDef {
    /// The declaration of a struct.
    pub const fn of<T: OpAttrs>() -> AttrsDef {
        AttrsDef { specs: T::SPECS, parse: |get| T::from_fields(get).map(Attrs::new) }
    }
}

/// Reads one field for [`attributes!`].
pub fn field<T: AttrType>(name: &str, got: Option<Attr>, default: impl FnOnce() -> T) -> Result<T> {
    match got {
        None => Ok(default()),
        Some(attr) => T::from_attr(&attr)
            .ok_or_else(|| Error::new(Code::InvalidArgument, format!("attribute '{name}' must be {}, not {attr:?}", T::NAME))),
    }
}

/// Declares an operator's attributes: `attributes! { /// doc \n pub struct Conv { /// doc \n pub groups: i64 = 1, } }`.
#[macro_export]
macro_rules! attributes {
    ($(#[doc = $doc:literal])* pub struct $name:ident { $($(#[doc = $field_doc:literal])* pub $field:ident: $t:ty = $default:expr,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name { $($(#[doc = $field_doc])* pub $field: $t,)* }

        impl Default for $name {
            fn default() -> Self { $name { $($field: $default,)* } }
        }

        impl $crate::ir::attrs::OpAttrs for $name {
            const SPECS: &'static [$crate::ir::attrs::AttrSpec] = &[$($crate::ir::attrs::AttrSpec {
                name: stringify!($field),
                kind: <$t as $crate::ir::attrs::AttrType>::NAME,
                doc: concat!($($field_doc),*),
            },)*];
            fn fields(&self) -> Vec<$crate::ir::attrs::Attr> {
                vec![$($crate::ir::attrs::AttrType::to_attr(&self.$field),)*]
            }
            #[allow(unused_variables)]
            fn from_fields(
                get: &mut dyn FnMut(&str) -> Option<$crate::ir::attrs::Attr>,
            ) -> $crate::tensor::error::Result<Self> {
                Ok($name { $($field: $crate::ir::attrs::field(stringify!($field), get(stringify!($field)), || $default)?,)* })
            }
        }
    };
}

attributes! {
    /// No attributes.
    pub struct NoAttrs {}
}
