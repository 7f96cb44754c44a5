//! Tokens to events: the grammar, as a machine with a stack of states.

use std::borrow::Cow;

use super::{
    scanner::Scanner,
    token::{Lexeme, Mark, ScanError, Style},
};

/// What happens in a document, in the order of the text.
#[derive(Debug)]
pub(super) enum Event<'t> {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'t str),
    Scalar(Cow<'t, str>, Style, Properties<'t>),
    SequenceStart(Properties<'t>),
    SequenceEnd,
    MappingStart(Properties<'t>),
    MappingEnd,
}

/// What may stand before a node.
#[derive(Debug, Default)]
pub(super) struct Properties<'t> {
    pub anchor: Option<&'t str>,
    /// With its handle resolved.
    pub tag: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    StreamStart,
    ImplicitDocument,
    Document,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirst,
    BlockSequence,
    IndentlessSequence,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequence,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// Where a node may stand decides which forms it may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Block,
    /// As a value: the entries of a list may stand in the key's column.
    BlockOrIndentless,
    Flow,
}

pub(super) type Spanned<'t> = (Event<'t>, Mark, Mark);
pub(super) type Parsed<'t> = Result<Spanned<'t>, ScanError>;

pub(super) struct Parser<'t> {
    pub(super) scanner: Scanner<'t>,
    pub(super) state: State,
    pub(super) states: Vec<State>,
    /// Where the open collections start, for errors.
    pub(super) starts: Vec<Mark>,
    prefixes: Vec<(&'t str, Cow<'t, str>)>,
}

impl<'t> Parser<'t> {
    pub fn new(text: &'t str) -> Self {
        Self {
            scanner: Scanner::new(text),
            state: State::StreamStart,
            states: Vec::new(),
            starts: Vec::new(),
            prefixes: Vec::new(),
        }
    }

    /// The next event with its place.
    pub fn next(&mut self) -> Parsed<'t> {
        match self.state {
            State::StreamStart => {
                let token = self.scanner.next()?;
                self.state = State::ImplicitDocument;
                Ok((Event::StreamStart, token.start, token.end))
            }
            State::ImplicitDocument => self.document_start(true),
            State::Document => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(Place::Block),
            State::BlockSequenceFirst => self.block_sequence(true),
            State::BlockSequence => self.block_sequence(false),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingFirst => self.block_mapping_key(true),
            State::BlockMappingKey => self.block_mapping_key(false),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence(true),
            State::FlowSequence => self.flow_sequence(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                self.state = State::FlowSequence;
                self.empty_event(Event::MappingEnd)
            }
            State::FlowMappingFirst => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            State::End => Ok((Event::StreamEnd, Mark::default(), Mark::default())),
        }
    }

    pub(super) fn peek(&mut self) -> Result<&Lexeme<'t>, ScanError> {
        Ok(&self.scanner.peek()?.lexeme)
    }

    pub(super) fn start_of_next(&mut self) -> Result<Mark, ScanError> {
        Ok(self.scanner.peek()?.start)
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn empty_event(&mut self, event: Event<'t>) -> Parsed<'t> {
        let at = self.start_of_next()?;
        Ok((event, at, at))
    }

    pub(super) fn empty_scalar(at: Mark) -> Spanned<'t> {
        let nothing = Cow::Borrowed("");
        (Event::Scalar(nothing, Style::Plain, Properties::default()), at, at)
    }

    fn document_start(&mut self, implicit: bool) -> Parsed<'t> {
        while !implicit && *self.peek()? == Lexeme::DocumentEnd {
            self.scanner.next()?;
        }
        let start = self.start_of_next()?;
        match self.peek()? {
            Lexeme::StreamEnd => {
                self.scanner.next()?;
                self.state = State::End;
                return Ok((Event::StreamEnd, start, start));
            }
            Lexeme::Version(..) | Lexeme::TagPrefix(..) | Lexeme::DocumentStart => {}
            _ if implicit => {
                self.directives()?;
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                return Ok((Event::DocumentStart, start, start));
            }
            _ => {}
        }
        self.directives()?;
        let token = self.scanner.next()?;
        if token.lexeme != Lexeme::DocumentStart {
            return Err(ScanError::new(token.start, "a document must start with `---` here"));
        }
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok((Event::DocumentStart, start, token.end))
    }

    fn directives(&mut self) -> Result<(), ScanError> {
        let mut version_seen = false;
        loop {
            let at = self.start_of_next()?;
            match self.peek()?.clone() {
                Lexeme::Version(major, minor) => {
                    if version_seen {
                        return Err(ScanError::new(at, "%YAML stands there twice"));
                    }
                    if (major, minor) != (1, 1) {
                        let message = format!("YAML {major}.{minor} is not read, only 1.1");
                        return Err(ScanError::new(at, message).help("leave the %YAML line out"));
                    }
                    version_seen = true;
                }
                Lexeme::TagPrefix(handle, prefix) => {
                    if self.prefixes.iter().any(|(known, _)| *known == handle) {
                        return Err(ScanError::new(at, "this %TAG handle stands there twice"));
                    }
                    self.prefixes.push((handle, prefix));
                }
                _ => break,
            }
            self.scanner.next()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.prefixes.iter().any(|(known, _)| *known == handle) {
                self.prefixes.push((handle, Cow::Borrowed(prefix)));
            }
        }
        Ok(())
    }

    fn document_content(&mut self) -> Parsed<'t> {
        let empty = matches!(
            self.peek()?,
            Lexeme::Version(..)
                | Lexeme::TagPrefix(..)
                | Lexeme::DocumentStart
                | Lexeme::DocumentEnd
                | Lexeme::StreamEnd
        );
        if empty {
            self.pop();
            return Ok(Self::empty_scalar(self.start_of_next()?));
        }
        self.node(Place::Block)
    }

    fn document_end(&mut self) -> Parsed<'t> {
        let start = self.start_of_next()?;
        if *self.peek()? == Lexeme::DocumentEnd {
            self.scanner.next()?;
        }
        self.prefixes.clear();
        self.state = State::Document;
        Ok((Event::DocumentEnd, start, start))
    }

    pub(super) fn node(&mut self, place: Place) -> Parsed<'t> {
        if let Lexeme::Alias(name) = *self.peek()? {
            let token = self.scanner.next()?;
            self.pop();
            return Ok((Event::Alias(name), token.start, token.end));
        }
        let start = self.start_of_next()?;
        let (properties, mut end) = self.properties(start)?;
        let has_properties = properties.anchor.is_some() || properties.tag.is_some();
        let block = place != Place::Flow;
        let lexeme = self.peek()?.clone();
        let event = match lexeme {
            Lexeme::BlockEntry if place == Place::BlockOrIndentless => {
                self.state = State::IndentlessSequence;
                Event::SequenceStart(properties)
            }
            Lexeme::Scalar(value, style) => {
                end = self.scanner.next()?.end;
                self.pop();
                Event::Scalar(value, style, properties)
            }
            Lexeme::FlowSequenceStart => {
                self.state = State::FlowSequenceFirst;
                Event::SequenceStart(properties)
            }
            Lexeme::FlowMappingStart => {
                self.state = State::FlowMappingFirst;
                Event::MappingStart(properties)
            }
            Lexeme::BlockSequenceStart if block => {
                self.state = State::BlockSequenceFirst;
                Event::SequenceStart(properties)
            }
            Lexeme::BlockMappingStart if block => {
                self.state = State::BlockMappingFirst;
                Event::MappingStart(properties)
            }
            _ if has_properties => {
                self.pop();
                Event::Scalar(Cow::Borrowed(""), Style::Plain, properties)
            }
            _ => {
                let at = self.start_of_next()?;
                return Err(ScanError::new(at, "a value is missing here"));
            }
        };
        Ok((event, start, end))
    }

    /// Anchor and tag, in either order.
    fn properties(&mut self, start: Mark) -> Result<(Properties<'t>, Mark), ScanError> {
        let mut properties = Properties::default();
        let mut end = start;
        for _ in 0..2 {
            match self.peek()?.clone() {
                Lexeme::Anchor(name) if properties.anchor.is_none() => {
                    properties.anchor = Some(name);
                }
                Lexeme::Tag(handle, suffix) if properties.tag.is_none() => {
                    properties.tag = Some(self.full_tag(handle, &suffix)?);
                }
                _ => break,
            }
            end = self.scanner.next()?.end;
        }
        Ok((properties, end))
    }

    fn full_tag(&mut self, handle: &str, suffix: &str) -> Result<String, ScanError> {
        if handle.is_empty() {
            return Ok(suffix.to_owned());
        }
        if let Some((_, prefix)) = self.prefixes.iter().find(|(known, _)| *known == handle) {
            return Ok(format!("{prefix}{suffix}"));
        }
        Err(ScanError::new(
            self.start_of_next()?,
            format!("the tag handle `{handle}` is not declared"),
        ))
    }

    fn block_sequence(&mut self, first: bool) -> Parsed<'t> {
        self.open(first)?;
        let token = self.scanner.peek()?.clone();
        match token.lexeme {
            Lexeme::BlockEntry => {
                self.scanner.next()?;
                if matches!(self.peek()?, Lexeme::BlockEntry | Lexeme::BlockEnd) {
                    self.state = State::BlockSequence;
                    return Ok(Self::empty_scalar(token.end));
                }
                self.states.push(State::BlockSequence);
                self.node(Place::Block)
            }
            Lexeme::BlockEnd => self.close(Event::SequenceEnd),
            _ => Err(ScanError::new(token.start, "an entry that starts with `-` must stand here")
                .help("give all entries of a list the same indentation")),
        }
    }

    fn indentless_sequence(&mut self) -> Parsed<'t> {
        if *self.peek()? != Lexeme::BlockEntry {
            self.pop();
            return self.empty_event(Event::SequenceEnd);
        }
        let end = self.scanner.next()?.end;
        let empty = matches!(
            self.peek()?,
            Lexeme::BlockEntry | Lexeme::Key | Lexeme::Value | Lexeme::BlockEnd
        );
        if empty {
            self.state = State::IndentlessSequence;
            return Ok(Self::empty_scalar(end));
        }
        self.states.push(State::IndentlessSequence);
        self.node(Place::Block)
    }

    fn block_mapping_key(&mut self, first: bool) -> Parsed<'t> {
        self.open(first)?;
        let token = self.scanner.peek()?.clone();
        match token.lexeme {
            Lexeme::Key => {
                self.scanner.next()?;
                if matches!(self.peek()?, Lexeme::Key | Lexeme::Value | Lexeme::BlockEnd) {
                    self.state = State::BlockMappingValue;
                    return Ok(Self::empty_scalar(token.end));
                }
                self.states.push(State::BlockMappingValue);
                self.node(Place::BlockOrIndentless)
            }
            Lexeme::BlockEnd => self.close(Event::MappingEnd),
            _ => Err(ScanError::new(token.start, "a key must stand here")
                .help("give all keys of a mapping the same indentation")),
        }
    }

    fn block_mapping_value(&mut self) -> Parsed<'t> {
        self.state = State::BlockMappingKey;
        if *self.peek()? != Lexeme::Value {
            return Ok(Self::empty_scalar(self.start_of_next()?));
        }
        let end = self.scanner.next()?.end;
        if matches!(self.peek()?, Lexeme::Key | Lexeme::Value | Lexeme::BlockEnd) {
            return Ok(Self::empty_scalar(end));
        }
        self.states.push(State::BlockMappingKey);
        self.node(Place::BlockOrIndentless)
    }

    /// Takes the token that opens a collection, if this is its first step.
    pub(super) fn open(&mut self, first: bool) -> Result<(), ScanError> {
        if first {
            let token = self.scanner.next()?;
            self.starts.push(token.start);
        }
        Ok(())
    }

    /// Takes the token that closes a collection.
    pub(super) fn close(&mut self, event: Event<'t>) -> Parsed<'t> {
        let token = self.scanner.next()?;
        self.pop();
        self.starts.pop();
        Ok((event, token.start, token.end))
    }
}
