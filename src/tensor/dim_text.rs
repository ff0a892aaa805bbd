//! Text form of dimension expressions: `2*N*W + 3`, `floordiv(W - 1, 2)`, `min(a, b)`, `max(a, b)`. Parses back.

use crate::tensor::dim::{Atom, Dim};
use crate::tensor::error::{Code, Error, Result};
use std::fmt;

/// Deepest nesting that the parser follows.
const MAX_DEPTH: usize = 64;

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(v) = self.as_const() {
            return write!(f, "{v}");
        }
        // Highest products first, the constant last.
        for (i, (monomial, c)) in self.terms().iter().rev().enumerate() {
            match (i, *c < 0) {
                (0, true) => f.write_str("-")?,
                (0, false) => {}
                (_, true) => f.write_str(" - ")?,
                (_, false) => f.write_str(" + ")?,
            }
            let magnitude = c.unsigned_abs();
            if magnitude != 1 || monomial.is_empty() {
                write!(f, "{magnitude}")?;
            }
            for (j, atom) in monomial.iter().enumerate() {
                if j > 0 || magnitude != 1 {
                    f.write_str("*")?;
                }
                match atom {
                    Atom::Symbol(s) => f.write_str(&s.name)?,
                    Atom::FloorDiv(a, b) => write!(f, "floordiv({a}, {b})")?,
                    Atom::Min(a, b) => write!(f, "min({a}, {b})")?,
                    Atom::Max(a, b) => write!(f, "max({a}, {b})")?,
                    Atom::Product(a, b) => write!(f, "mul({a}, {b})")?,
                }
            }
        }
        Ok(())
    }
}

/// Reads an expression; `symbol` gives the expression of each name that is no function.
pub fn parse_dim(text: &str, symbol: &dyn Fn(&str) -> Option<Dim>) -> Result<Dim> {
    let mut p = Parser { rest: text, symbol };
    let dim = p.sum(0)?;
    match p.rest.trim() {
        "" => Ok(dim),
        rest => Err(fault(rest)),
    }
}

struct Parser<'a> {
    rest: &'a str,
    symbol: &'a dyn Fn(&str) -> Option<Dim>,
}

fn fault(at: &str) -> Error {
    Error::new(Code::InvalidArgument, format!("dimension expression cannot be read at '{at}'"))
}

impl Parser<'_> {
    fn eat(&mut self, token: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self, depth: usize) -> Result<Dim> {
        if depth > MAX_DEPTH {
            return Err(fault(self.rest));
        }
        let negative = self.eat('-');
        let mut sum = self.term(depth, negative)?;
        loop {
            if self.eat('+') {
                sum = &sum + &self.term(depth, false)?;
            } else if self.eat('-') {
                sum = &sum + &self.term(depth, true)?;
            } else {
                return Ok(sum);
            }
        }
    }

    /// A product behind its sign. The smallest integer has no positive counterpart, so its sign is read with it.
    fn term(&mut self, depth: usize, negative: bool) -> Result<Dim> {
        let smallest = self.rest.trim_start().strip_prefix("9223372036854775808");
        if let Some(rest) = smallest.filter(|rest| negative && !rest.starts_with(|c: char| c.is_ascii_digit())) {
            self.rest = rest;
            return self.product(depth, Dim::from(i64::MIN));
        }
        let first = self.atom(depth)?;
        let product = self.product(depth, first)?;
        Ok(if negative { -&product } else { product })
    }

    fn product(&mut self, depth: usize, first: Dim) -> Result<Dim> {
        let mut product = first;
        while self.eat('*') {
            product = &product * &self.atom(depth)?;
        }
        Ok(product)
    }

    fn atom(&mut self, depth: usize) -> Result<Dim> {
        if self.eat('(') {
            let inner = self.sum(depth + 1)?;
            return if self.eat(')') { Ok(inner) } else { Err(fault(self.rest)) };
        }
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || "_.?#:/".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            return Err(fault(self.rest));
        }
        self.rest = rest;
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return word.parse::<i64>().map(Dim::from).map_err(|_| fault(word));
        }
        if !self.eat('(') {
            return (self.symbol)(word).ok_or_else(|| fault(word));
        }
        let a = self.sum(depth + 1)?;
        if !self.eat(',') {
            return Err(fault(self.rest));
        }
        let b = self.sum(depth + 1)?;
        if !self.eat(')') {
            return Err(fault(self.rest));
        }
        match word {
            "floordiv" => Ok(a.floor_div(&b)),
            "min" => Ok(a.min_with(&b)),
            "max" => Ok(a.max_with(&b)),
            "mul" => Ok(&a * &b),
            _ => Err(fault(word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_parses_back() {
        let symbols = |name: &str| matches!(name, "N" | "W").then(|| Dim::symbol(name, 1, 100));
        for text in [
            "0",
            "-7",
            "-9223372036854775808",
            "N - 9223372036854775808",
            "-9223372036854775808*N",
            "N",
            "N*W + 3",
            "2*N - W",
            "floordiv(W - 1, 2) + 1",
            "max(N, W)",
            "3*min(N, W)*floordiv(N, W) - 2",
        ] {
            let dim = parse_dim(text, &symbols).unwrap();
            assert_eq!(parse_dim(&dim.to_string(), &symbols).unwrap(), dim, "{text}");
        }
        for text in ["", "N +", "min(N)", "Q", "3)", "99999999999999999999", "9223372036854775808", "-92233720368547758080"] {
            assert!(parse_dim(text, &symbols).is_err(), "{text}");
        }
    }
}
