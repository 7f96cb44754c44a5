//! The grammar within brackets: `[a, b: c]` and `{a: b, c}`.

use super::{
    parser::{Event, Parsed, Parser, Place, Properties, State},
    token::{Lexeme, ScanError},
};

impl<'t> Parser<'t> {
    pub(super) fn flow_sequence(&mut self, first: bool) -> Parsed<'t> {
        self.open(first)?;
        if *self.peek()? != Lexeme::FlowSequenceEnd {
            self.flow_comma(first, "`,` or `]`")?;
            match self.peek()? {
                Lexeme::Key => {
                    let token = self.scanner.next()?;
                    self.state = State::FlowPairKey;
                    let event = Event::MappingStart(Properties::default());
                    return Ok((event, token.start, token.end));
                }
                Lexeme::FlowSequenceEnd => {}
                _ => {
                    self.states.push(State::FlowSequence);
                    return self.node(Place::Flow);
                }
            }
        }
        self.close(Event::SequenceEnd)
    }

    pub(super) fn flow_pair_key(&mut self) -> Parsed<'t> {
        let bare =
            matches!(self.peek()?, Lexeme::Value | Lexeme::FlowEntry | Lexeme::FlowSequenceEnd);
        if bare {
            // The token is passed over, whatever it is.
            let end = self.scanner.next()?.end;
            self.state = State::FlowPairValue;
            return Ok(Self::empty_scalar(end));
        }
        self.states.push(State::FlowPairValue);
        self.node(Place::Flow)
    }

    pub(super) fn flow_pair_value(&mut self) -> Parsed<'t> {
        if *self.peek()? == Lexeme::Value {
            self.scanner.next()?;
            if !matches!(self.peek()?, Lexeme::FlowEntry | Lexeme::FlowSequenceEnd) {
                self.states.push(State::FlowPairEnd);
                return self.node(Place::Flow);
            }
        }
        self.state = State::FlowPairEnd;
        Ok(Self::empty_scalar(self.start_of_next()?))
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Parsed<'t> {
        self.open(first)?;
        if *self.peek()? != Lexeme::FlowMappingEnd {
            self.flow_comma(first, "`,` or `}`")?;
            match self.peek()? {
                Lexeme::Key => {
                    self.scanner.next()?;
                    let empty = matches!(
                        self.peek()?,
                        Lexeme::Value | Lexeme::FlowEntry | Lexeme::FlowMappingEnd
                    );
                    if empty {
                        self.state = State::FlowMappingValue;
                        return Ok(Self::empty_scalar(self.start_of_next()?));
                    }
                    self.states.push(State::FlowMappingValue);
                    return self.node(Place::Flow);
                }
                Lexeme::FlowMappingEnd => {}
                _ => {
                    self.states.push(State::FlowMappingEmptyValue);
                    return self.node(Place::Flow);
                }
            }
        }
        self.close(Event::MappingEnd)
    }

    pub(super) fn flow_mapping_value(&mut self, empty: bool) -> Parsed<'t> {
        self.state = State::FlowMappingKey;
        if !empty && *self.peek()? == Lexeme::Value {
            self.scanner.next()?;
            if !matches!(self.peek()?, Lexeme::FlowEntry | Lexeme::FlowMappingEnd) {
                self.states.push(State::FlowMappingKey);
                return self.node(Place::Flow);
            }
        }
        Ok(Self::empty_scalar(self.start_of_next()?))
    }

    fn flow_comma(&mut self, first: bool, expected: &str) -> Result<(), ScanError> {
        if first {
            return Ok(());
        }
        let at = self.start_of_next()?;
        if *self.peek()? == Lexeme::FlowEntry {
            self.scanner.next()?;
            return Ok(());
        }
        let line = self.starts.last().map_or(0, |start| start.line) + 1;
        let message = format!("{expected} must stand here; the bracket opens in line {line}");
        Err(ScanError::new(at, message))
    }
}
