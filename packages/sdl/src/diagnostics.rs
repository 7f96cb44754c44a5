//! Errors and warnings with their places in the file.
//!
//! A file's errors come all at once. What Akash accepts although it is plainly a
//! mistake is a warning; [`Options::strict`](crate::Options) makes warnings errors.

mod render;
pub(crate) mod suggest;

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::yaml::{Mark, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is accepted, but hardly means what its author thinks.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The kind, such as `unknown-key`; stays the same when words change.
    pub code: Cow<'static, str>,
    /// What is wrong, in a sentence without capital and full stop.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How many characters of the line it is about, at least 1.
    pub length: u32,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(
        severity: Severity,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        let one_line = span.start.line == span.end.line;
        let length = if one_line { span.end.column.saturating_sub(span.start.column) } else { 1 };
        Self {
            severity,
            code: Cow::Borrowed(code),
            message: message.into(),
            line: span.start.line + 1,
            column: span.start.column + 1,
            length: length.max(1),
            help: None,
        }
    }

    pub(crate) fn warning_at(code: &'static str, at: Mark, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, Span { start: at, end: at }, message)
    }

    pub(crate) fn error_at(code: &'static str, at: Mark, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, Span { start: at, end: at }, message)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}: {severity}[{}]: {}", self.line, self.column, self.code, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// All findings of a file, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Sorted by place; the same finding (an alias may repeat it) only once.
    pub(crate) fn sorted(mut found: Vec<Diagnostic>) -> Self {
        let key = |d: &Diagnostic| (d.line, d.column, d.severity);
        found.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.code.cmp(&b.code)));
        found.dedup();
        Self(found)
    }

    /// Those for which the file is refused.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter().filter(|d| d.severity == Severity::Error)
    }

    /// The others.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter().filter(|d| d.severity == Severity::Warning)
    }

    /// Whether there is anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For people: each finding with its file, line, column, the line itself and advice, as
    /// rustc shows them. `text` is what was compiled; `color` adds terminal colours.
    pub fn render(&self, file: &str, text: &str, color: bool) -> String {
        render::render(&self.0, file, text, color)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
