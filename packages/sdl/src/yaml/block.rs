//! Block scalars: `|` keeps lines, `>` folds them.

use std::borrow::Cow;

use super::{
    chars::{is_blank, is_break_or_end, line_break},
    scanner::Scanner,
    token::{Lexeme, Mark, ScanError, Style, Token},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

impl<'t> Scanner<'t> {
    pub(super) fn block_scalar(&mut self, literal: bool) -> Result<Token<'t>, ScanError> {
        let start = self.at;
        self.advance_ascii(1);
        let (chomp, increment) = self.block_header()?;
        let mut indent = match increment {
            0 => 0,
            more => self.indent.max(0) + more,
        };
        let mut text = String::new();
        let mut leading = String::new();
        let mut trailing = String::new();
        let mut end = self.block_breaks(&mut indent, &mut trailing)?;
        let mut after_indented = false;
        while i64::from(self.at.column) == indent && self.byte(0).is_some() {
            let indented = is_blank(self.bytes, self.here());
            let fold = !literal && !after_indented && !indented && leading.starts_with('\n');
            if !fold {
                text.push_str(&leading);
            } else if trailing.is_empty() {
                text.push(' ');
            }
            leading.clear();
            text.push_str(&trailing);
            trailing.clear();
            after_indented = indented;

            let from = self.here();
            self.skip_rest_of_line();
            text.push_str(&self.text[from..self.here()]);
            self.take_break(&mut leading);
            end = self.block_breaks(&mut indent, &mut trailing)?;
        }
        if chomp != Chomp::Strip {
            text.push_str(&leading);
        }
        if chomp == Chomp::Keep {
            text.push_str(&trailing);
        }
        let lexeme = Lexeme::Scalar(Cow::Owned(text), Style::Quoted);
        Ok(Token { lexeme, start, end, key_level: 0 })
    }

    /// What stands after the indicator: `+` or `-`, a digit, in any order, and a comment.
    fn block_header(&mut self) -> Result<(Chomp, i64), ScanError> {
        let mut chomp = None;
        let mut increment = None;
        loop {
            match self.byte(0) {
                Some(b'+') if chomp.is_none() => chomp = Some(Chomp::Keep),
                Some(b'-') if chomp.is_none() => chomp = Some(Chomp::Strip),
                Some(b'0') if increment.is_none() => {
                    return Err(ScanError::new(self.at, "a block can't be indented by 0"));
                }
                Some(digit @ b'1'..=b'9') if increment.is_none() => {
                    increment = Some(i64::from(digit - b'0'));
                }
                _ => break,
            }
            self.advance_ascii(1);
        }
        while is_blank(self.bytes, self.here()) {
            self.advance_ascii(1);
        }
        if self.byte(0) == Some(b'#') {
            self.skip_rest_of_line();
        }
        if !is_break_or_end(self.bytes, self.here()) {
            return Err(ScanError::new(self.at, "nothing but a comment may follow `|` or `>`")
                .help("start the text on the next line"));
        }
        if line_break(self.bytes, self.here()) > 0 {
            self.skip_break();
        }
        Ok((chomp.unwrap_or(Chomp::Clip), increment.unwrap_or(0)))
    }

    /// Indentation and empty lines; finds the indentation if it is not known yet (0).
    fn block_breaks(&mut self, indent: &mut i64, breaks: &mut String) -> Result<Mark, ScanError> {
        let mut end = self.at;
        let mut deepest = 0;
        loop {
            let inside = |column: u32| *indent == 0 || i64::from(column) < *indent;
            while inside(self.at.column) && self.byte(0) == Some(b' ') {
                self.advance_ascii(1);
            }
            deepest = deepest.max(i64::from(self.at.column));
            if inside(self.at.column) && self.byte(0) == Some(b'\t') {
                return Err(ScanError::new(
                    self.at,
                    "a tab stands where a block's text is indented",
                )
                .help("indent with spaces"));
            }
            if line_break(self.bytes, self.here()) == 0 {
                break;
            }
            self.take_break(breaks);
            end = self.at;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(end)
    }
}
