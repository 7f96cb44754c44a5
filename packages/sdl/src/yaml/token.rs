//! What the scanner cuts the text into, and what it says when it can't.

use std::borrow::Cow;

/// A place in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// In bytes from the start.
    pub byte: u32,
    /// In characters from the start.
    pub index: u32,
    /// Line, from 0.
    pub line: u32,
    /// Column in characters, from 0.
    pub column: u32,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes.
    Plain,
    /// Quoted, or a block.
    Quoted,
}

/// A text that is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScanError {
    /// Where.
    pub at: Mark,
    /// What is wrong.
    pub message: Cow<'static, str>,
    /// What to do.
    pub help: Option<&'static str>,
}

impl ScanError {
    /// An error without advice.
    pub fn new(at: Mark, message: impl Into<Cow<'static, str>>) -> Self {
        Self { at, message: message.into(), help: None }
    }

    /// The same with advice.
    pub fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }
}

/// A token's meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lexeme<'t> {
    StreamStart,
    StreamEnd,
    /// `%YAML major.minor`
    Version(u32, u32),
    /// `%TAG handle prefix`
    TagPrefix(&'t str, Cow<'t, str>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'t str),
    Anchor(&'t str),
    /// A handle (empty for a verbatim tag) and the rest.
    Tag(&'t str, Cow<'t, str>),
    Scalar(Cow<'t, str>, Style),
}

/// A token and its place.
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub lexeme: Lexeme<'t>,
    pub start: Mark,
    pub end: Mark,
    /// The flow level (from 1) at which the token may turn out to start a key; 0 if it can't.
    pub key_level: u32,
}
