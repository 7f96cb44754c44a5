//! Quoted scalars, single and double.

use std::borrow::Cow;

use super::{
    chars::{is_blank, is_blank_or_end, line_break},
    plain::Breaks,
    scanner::Scanner,
    token::{Lexeme, Mark, ScanError, Style},
};

impl<'t> Scanner<'t> {
    pub(super) fn quoted_scalar(&mut self, quote: u8) -> Result<Lexeme<'t>, ScanError> {
        let start = self.at;
        self.advance_ascii(1);
        // What is already unescaped and folded; `from` is where the untouched rest starts.
        let mut done: Option<String> = None;
        let mut from = self.here();
        let mut breaks = Breaks::default();
        loop {
            if self.at.column == 0 && self.at_document_indicator() {
                return Err(ScanError::new(start, "a document ends within this quoted text")
                    .help("close the quotes"));
            }
            if self.byte(0).is_none() {
                return Err(ScanError::new(start, "these quotes are never closed"));
            }
            // A line break that is escaped takes the blanks after it along.
            let mut swallow = false;
            while !is_blank_or_end(self.bytes, self.here()) {
                let byte = self.byte(0);
                if quote == b'\'' && byte == Some(b'\'') {
                    if self.byte(1) != Some(b'\'') {
                        break;
                    }
                    done.get_or_insert_default().push_str(&self.text[from..self.here() + 1]);
                    self.advance_ascii(2);
                    from = self.here();
                } else if quote == b'"' && byte == Some(b'"') {
                    break;
                } else if quote == b'"' && byte == Some(b'\\') {
                    let text = done.get_or_insert_default();
                    text.push_str(&self.text[from..self.here()]);
                    if line_break(self.bytes, self.here() + 1) > 0 {
                        self.advance_ascii(1);
                        self.skip_break();
                        swallow = true;
                        from = self.here();
                        break;
                    }
                    text.push(self.escape(start)?);
                    from = self.here();
                } else {
                    self.advance();
                }
            }
            if self.byte(0) == Some(quote) {
                break;
            }
            // Blanks stay if the line goes on, and go at its end.
            let content_end = self.here();
            breaks.any = swallow;
            while let Some(step) = self.blank_or_break() {
                if step == 0 {
                    self.advance_ascii(1);
                } else {
                    let into = if breaks.any { &mut breaks.trailing } else { &mut breaks.leading };
                    self.take_break(into);
                    breaks.any = true;
                }
            }
            if breaks.any {
                let text = done.get_or_insert_default();
                text.push_str(&self.text[from..content_end]);
                breaks.fold_into(text);
                from = self.here();
            }
        }
        let rest = &self.text[from..self.here()];
        self.advance_ascii(1);
        let value = match done {
            None => Cow::Borrowed(rest),
            Some(text) => Cow::Owned(text + rest),
        };
        Ok(Lexeme::Scalar(value, Style::Quoted))
    }

    /// The length of the break here, 0 for a blank, nothing for content.
    fn blank_or_break(&self) -> Option<usize> {
        let length = line_break(self.bytes, self.here());
        (length > 0 || is_blank(self.bytes, self.here())).then_some(length)
    }

    /// The character that `\` and what follows it stand for.
    fn escape(&mut self, start: Mark) -> Result<char, ScanError> {
        let digits = match self.byte(1) {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            other => {
                let c = match other {
                    Some(b'0') => '\0',
                    Some(b'a') => '\u{7}',
                    Some(b'b') => '\u{8}',
                    Some(b't' | b'\t') => '\t',
                    Some(b'n') => '\n',
                    Some(b'v') => '\u{b}',
                    Some(b'f') => '\u{c}',
                    Some(b'r') => '\r',
                    Some(b'e') => '\u{1b}',
                    Some(b' ') => ' ',
                    Some(b'"') => '"',
                    Some(b'\'') => '\'',
                    Some(b'\\') => '\\',
                    Some(b'N') => '\u{85}',
                    Some(b'_') => '\u{a0}',
                    Some(b'L') => '\u{2028}',
                    Some(b'P') => '\u{2029}',
                    _ => {
                        return Err(ScanError::new(self.at, "this escape is unknown")
                            .help("write a backslash as `\\\\`, or use single quotes"));
                    }
                };
                self.advance_ascii(2);
                return Ok(c);
            }
        };
        self.advance_ascii(2);
        let hex = self.text.get(self.here()..self.here() + digits);
        let hex = hex.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let c = code.and_then(char::from_u32);
        let bad = || {
            ScanError::new(
                start,
                format!("an escape here needs {digits} hex digits of a character"),
            )
        };
        let c = c.ok_or_else(bad)?;
        self.advance_ascii(digits as u32);
        Ok(c)
    }
}
