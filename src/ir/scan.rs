//! Words, strings and brackets of the text form of graphs: what [`crate::ir::parse`] reads with. Knows no graphs.

use crate::tensor::error::{Code, Error, Result};

/// A place in a text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// An error of the reader.
pub(super) fn bad(message: &str) -> Error {
    Error::new(Code::InvalidArgument, message)
}

impl<'a> Scanner<'a> {
    /// The beginning of `text`.
    pub fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0 }
    }

    /// Number of the line in which the last word that was read ends.
    pub fn line(&self) -> usize {
        self.text[..self.at].trim_end().lines().count().max(1)
    }

    /// What is left, without blanks in front.
    pub fn rest(&mut self) -> &'a str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    /// An error that shows what stands here.
    pub fn fault<T>(&mut self, what: &str) -> Result<T> {
        let found: String = self.rest().chars().take(24).collect();
        Err(Error::new(Code::InvalidArgument, format!("{what} at '{found}'")))
    }

    /// True where `token` is next; it is read then.
    pub fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    /// Reads `token`.
    pub fn need(&mut self, token: &str) -> Result<()> {
        if self.eat(token) { Ok(()) } else { self.fault(&format!("'{token}' is expected")) }
    }

    /// The longest run of `allowed` characters, not empty.
    pub fn run(&mut self, allowed: fn(char) -> bool, what: &str) -> Result<&'a str> {
        let rest = self.rest();
        let end = rest.find(|c| !allowed(c)).unwrap_or(rest.len());
        if end == 0 {
            return self.fault(&format!("{what} is expected"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    /// A word of an expression.
    pub fn word(&mut self) -> Result<&'a str> {
        self.run(|c| c.is_alphanumeric() || "_.?#:/".contains(c), "a word")
    }

    /// The name of an operator, type or attribute.
    pub fn name(&mut self) -> Result<&'a str> {
        self.run(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.', "a name")
    }

    /// A number.
    pub fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        let start = self.at;
        let digits = self.run(|c| c.is_ascii_alphanumeric() || "+-.".contains(c), "a number")?;
        digits.parse().or_else(|_| {
            self.at = start;
            self.fault("a number is expected")
        })
    }

    /// A string in quotes.
    pub fn string(&mut self) -> Result<String> {
        self.need("\"")?;
        let mut out = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, c @ ('"' | '\\'))) => out.push(c),
                    Some((_, 'u')) => {
                        let hex: String = chars.by_ref().map(|(_, c)| c).skip(1).take_while(|c| *c != '}').collect();
                        match u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32) {
                            Some(c) => out.push(c),
                            None => return self.fault("an escape cannot be read"),
                        }
                    }
                    _ => return self.fault("an escape cannot be read"),
                },
                c => out.push(c),
            }
        }
        self.fault("a string does not end")
    }

    /// Items in brackets, separated by commas that stand in no parentheses.
    pub fn items(&mut self) -> Result<Vec<&'a str>> {
        self.need("[")?;
        let rest = &self.text[self.at..];
        let (mut depth, mut start, mut items) = (0usize, 0, Vec::new());
        for (i, c) in rest.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                ',' | ']' if depth == 0 => {
                    let item = rest[start..i].trim();
                    if !(item.is_empty() && c == ']' && items.is_empty()) {
                        items.push(item);
                    }
                    start = i + 1;
                    if c == ']' {
                        self.at += start;
                        return Ok(items);
                    }
                }
                _ => {}
            }
        }
        self.fault("a list does not end")
    }
}
