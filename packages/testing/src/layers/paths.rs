//! The paths of a source text that may lead to other modules of the same crate.

use super::tokens::{Token, tokens};

/// A path as it is written, with `use` trees taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The line, counted from 1.
    pub line: usize,
    /// The module that it stands in: the file's, or one written inside it.
    pub inside: Vec<String>,
    /// Its segments; the first is `crate`, `self`, `super` or, in a `use`, any name.
    pub segments: Vec<String>,
    /// The name that a `use` gives it.
    pub binds: Option<String>,
}

/// All paths in the text of `file_module`.
pub(super) fn find(source: &str, file_module: &[String]) -> Vec<Found> {
    let mut scan = Scan {
        tokens: tokens(source),
        at: 0,
        depth: 0,
        inside: file_module.to_vec(),
        inner: Vec::new(),
        found: Vec::new(),
    };
    while scan.at < scan.tokens.len() {
        scan.step();
    }
    scan.found
}

struct Scan {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    inside: Vec<String>,
    /// The depths at which modules that are written in the file begin.
    inner: Vec<usize>,
    found: Vec<Found>,
}

impl Scan {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text.as_str())
    }

    fn before(&self, back: usize) -> &str {
        let at = self.at.checked_sub(back);
        at.and_then(|at| self.tokens.get(at)).map_or("", |token| token.text.as_str())
    }

    fn step(&mut self) {
        match self.text(0) {
            "mod" if self.text(2) == "{" => {
                let name = self.text(1).to_owned();
                self.inside.push(name);
                self.inner.push(self.depth);
                self.at += 2;
            }
            "{" => {
                self.depth += 1;
                self.at += 1;
            }
            "}" => {
                self.depth = self.depth.saturating_sub(1);
                if self.inner.last() == Some(&self.depth) {
                    self.inner.pop();
                    self.inside.pop();
                }
                self.at += 1;
            }
            // Not `impl use<..>`, which names what a type captures.
            "use" if self.text(1) != "<" => {
                self.at += 1;
                self.tree(Vec::new());
            }
            "crate" | "super" | "self" if self.text(1) == "::" && !self.is_part() => {
                self.plain_path();
            }
            _ => self.at += 1,
        }
    }

    /// Whether what stands here goes on with a path, or names who may see an item.
    fn is_part(&self) -> bool {
        self.before(1) == "::" || (self.before(1) == "in" && self.before(2) == "(")
    }

    fn plain_path(&mut self) {
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        let mut segments = vec![self.text(0).to_owned()];
        self.at += 1;
        while self.text(0) == "::" && is_name(self.text(1)) {
            segments.push(self.text(1).to_owned());
            self.at += 2;
        }
        self.found.push(Found { line, inside: self.inside.clone(), segments, binds: None });
    }

    /// One branch of a `use`; ends before the `,`, `}` or `;` after it.
    fn tree(&mut self, prefix: Vec<String>) {
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        let mut segments = prefix;
        loop {
            match self.text(0) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        self.tree(segments.clone());
                        if self.text(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "as" => {
                    let name = self.text(1).to_owned();
                    self.at += 2;
                    self.push(line, segments, Some(name));
                    return;
                }
                "*" => {
                    self.at += 1;
                    self.push(line, segments, None);
                    return;
                }
                text if is_name(text) => {
                    segments.push(text.to_owned());
                    self.at += 1;
                }
                "," | "}" | ";" | "" => {
                    let name = segments.iter().rev().find(|name| *name != "self").cloned();
                    self.push(line, segments, name);
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    fn push(&mut self, line: usize, mut segments: Vec<String>, binds: Option<String>) {
        // `a::{self}` is `a`.
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        if !segments.is_empty() {
            self.found.push(Found { line, inside: self.inside.clone(), segments, binds });
        }
    }
}

fn is_name(text: &str) -> bool {
    text != "as" && text.chars().next().is_some_and(|c| c == '_' || c.is_alphabetic())
}
