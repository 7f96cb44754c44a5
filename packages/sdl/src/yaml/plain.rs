//! Plain scalars: text without quotes, over as many lines as are indented.

use std::borrow::Cow;

use super::{
    chars::{is_blank, is_blank_or_end, line_break},
    scanner::Scanner,
    token::{Lexeme, ScanError, Style, Token},
};

impl<'t> Scanner<'t> {
    pub(super) fn plain_scalar(&mut self) -> Result<Token<'t>, ScanError> {
        let start = self.at;
        let mut end = start;
        // The lines before the present one, folded; `line` is where the present one starts.
        let mut folded: Option<String> = None;
        let mut line = self.here();
        let mut breaks = Breaks::default();
        loop {
            if self.at.column == 0 && self.at_document_indicator() || self.byte(0) == Some(b'#') {
                break;
            }
            if !self.ends_plain() {
                if breaks.any {
                    let text = folded.get_or_insert_default();
                    text.push_str(&self.text[line..end.byte as usize]);
                    breaks.fold_into(text);
                    line = self.here();
                }
                while !self.ends_plain() {
                    self.advance();
                }
                end = self.at;
            }
            let stops =
                !is_blank(self.bytes, self.here()) && line_break(self.bytes, self.here()) == 0;
            if stops {
                break;
            }
            self.blanks_of_plain(&mut breaks)?;
            if self.flow_level == 0 && i64::from(self.at.column) <= self.indent {
                break;
            }
        }
        if breaks.any {
            self.key_allowed = true;
        }
        let last = &self.text[line..end.byte as usize];
        let value = match folded {
            None => Cow::Borrowed(last),
            Some(text) => Cow::Owned(text + last),
        };
        Ok(Token { lexeme: Lexeme::Scalar(value, Style::Plain), start, end, key_level: 0 })
    }

    /// Whether the character here is not part of a plain scalar's run.
    fn ends_plain(&self) -> bool {
        let here = self.here();
        match self.bytes.get(here) {
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/') => false,
            Some(b':') => is_blank_or_end(self.bytes, here + 1),
            Some(b',' | b'?' | b'[' | b']' | b'{' | b'}') => self.flow_level > 0,
            _ => is_blank_or_end(self.bytes, here),
        }
    }

    fn blanks_of_plain(&mut self, breaks: &mut Breaks) -> Result<(), ScanError> {
        loop {
            if is_blank(self.bytes, self.here()) {
                let indents = breaks.any && i64::from(self.at.column) <= self.indent;
                if indents && self.byte(0) == Some(b'\t') {
                    return Err(ScanError::new(self.at, "a tab can't indent a text that goes on")
                        .help("indent with spaces"));
                }
                self.advance_ascii(1);
            } else if line_break(self.bytes, self.here()) > 0 {
                let into = if breaks.any { &mut breaks.trailing } else { &mut breaks.leading };
                self.take_break(into);
                breaks.any = true;
            } else {
                return Ok(());
            }
        }
    }
}

/// The line breaks between two runs of a folded scalar.
#[derive(Default)]
pub(super) struct Breaks {
    /// Whether there was one since the last run.
    pub any: bool,
    /// The first.
    pub leading: String,
    /// Those after it.
    pub trailing: String,
}

impl Breaks {
    /// One break becomes a space; of several the first is dropped. LS and PS stay.
    pub fn fold_into(&mut self, text: &mut String) {
        if self.leading.starts_with('\n') {
            if self.trailing.is_empty() {
                text.push(' ');
            }
        } else {
            text.push_str(&self.leading);
        }
        text.push_str(&self.trailing);
        self.leading.clear();
        self.trailing.clear();
        self.any = false;
    }
}
