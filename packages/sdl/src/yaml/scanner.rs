//! Text to tokens.
//!
//! A key is known only by the `:` after it, so tokens wait in a queue until no key can start at
//! its head; the tokens that open a mapping are then put in before the key.

use std::collections::VecDeque;

use super::{
    chars::{is_blank, is_blank_or_end, is_break_or_end, is_name, line_break, width},
    token::{Lexeme, Mark, ScanError, Token},
};

/// Deepest nesting, of flow collections and of blocks alike; as in yaml.v3.
pub(super) const MAX_DEPTH: usize = 10_000;
/// The most characters between the start of a key and its colon.
const MAX_KEY: u32 = 1024;

/// A place where a key might have started, one for each flow level.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyCandidate {
    pub(super) possible: bool,
    /// In a block a token in the block's column can only be a key.
    required: bool,
    /// The number of its token, counted from the start of the text.
    pub(super) token: usize,
    pub(super) mark: Mark,
}

pub(super) struct Scanner<'t> {
    pub text: &'t str,
    pub bytes: &'t [u8],
    pub at: Mark,
    pub(super) queue: VecDeque<Token<'t>>,
    /// Tokens handed out so far.
    pub(super) taken: usize,
    /// Column of the innermost block; -1 outside of any.
    pub indent: i64,
    indents: Vec<i64>,
    pub flow_level: usize,
    pub key_allowed: bool,
    pub(super) keys: Vec<KeyCandidate>,
    /// The level whose candidate is the next token.
    pub(super) next_is_key: u32,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t str) -> Self {
        let mut scanner = Self {
            text,
            bytes: text.as_bytes(),
            at: Mark::default(),
            queue: VecDeque::with_capacity(16),
            taken: 0,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            key_allowed: true,
            keys: vec![KeyCandidate::default()],
            next_is_key: 0,
        };
        scanner.push(Lexeme::StreamStart, Mark::default());
        scanner
    }

    /// The token at the head.
    ///
    /// # Errors
    /// If the text ahead is not a token; the place is in the error.
    pub fn peek(&mut self) -> Result<&Token<'t>, ScanError> {
        // yaml.v3 looks two tokens further, and so finds errors there.
        while self.queue.len() <= 2 || self.head_may_be_key()? {
            self.fetch()?;
        }
        Ok(&self.queue[0])
    }

    /// Takes the token at the head.
    ///
    /// # Errors
    /// If the text ahead is not a token; the place is in the error.
    pub fn next(&mut self) -> Result<Token<'t>, ScanError> {
        self.peek()?;
        self.taken += 1;
        let ended = || ScanError::new(Mark::default(), "the text ends here");
        self.queue.pop_front().ok_or_else(ended)
    }

    fn head_may_be_key(&mut self) -> Result<bool, ScanError> {
        let level = self.queue[0].key_level as usize;
        if level == 0 || level > self.keys.len() || self.keys[level - 1].token != self.taken {
            return Ok(false);
        }
        self.is_still_key(level - 1)
    }

    /// Whether a candidate can still become a key: its colon must be on its line and near.
    pub(super) fn is_still_key(&mut self, level: usize) -> Result<bool, ScanError> {
        let key = &mut self.keys[level];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < self.at.line || key.mark.index + MAX_KEY < self.at.index {
            if key.required {
                return Err(missing_colon(key.mark));
            }
            key.possible = false;
        }
        Ok(key.possible)
    }

    pub(super) fn save_key(&mut self) -> Result<(), ScanError> {
        if !self.key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == i64::from(self.at.column);
        self.drop_key()?;
        let key = KeyCandidate {
            possible: true,
            required,
            token: self.taken + self.queue.len(),
            mark: self.at,
        };
        self.next_is_key = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        if let Some(last) = self.keys.last_mut() {
            *last = key;
        }
        Ok(())
    }

    pub(super) fn drop_key(&mut self) -> Result<(), ScanError> {
        if let Some(key) = self.keys.last_mut() {
            if key.possible && key.required {
                return Err(missing_colon(key.mark));
            }
            key.possible = false;
        }
        Ok(())
    }

    pub(super) fn push(&mut self, lexeme: Lexeme<'t>, start: Mark) {
        let key_level = std::mem::take(&mut self.next_is_key);
        self.queue.push_back(Token { lexeme, start, end: self.at, key_level });
    }

    /// Opens a block at `column` if it is deeper than the present one; its token goes to place
    /// `number` (counted from the start of the text) or to the end.
    pub(super) fn open_block(
        &mut self,
        column: u32,
        number: Option<usize>,
        lexeme: Lexeme<'t>,
        mark: Mark,
    ) -> Result<(), ScanError> {
        if self.flow_level > 0 || self.indent >= i64::from(column) {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = i64::from(column);
        if self.indents.len() > MAX_DEPTH {
            return Err(too_deep(mark));
        }
        let token = Token { lexeme, start: mark, end: mark, key_level: 0 };
        match number {
            Some(number) => self.queue.insert(number - self.taken, token),
            None => self.queue.push_back(token),
        }
        Ok(())
    }

    fn close_blocks(&mut self, column: i64) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            let (start, end) = (self.at, self.at);
            self.queue.push_back(Token { lexeme: Lexeme::BlockEnd, start, end, key_level: 0 });
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Puts the next token (and what it closes) into the queue.
    fn fetch(&mut self) -> Result<(), ScanError> {
        self.skip_to_token();
        self.close_blocks(i64::from(self.at.column));
        let Some(first) = self.byte(0) else { return self.fetch_end() };
        if self.at.column == 0 {
            if first == b'%' {
                self.reset_line_state()?;
                let start = self.at;
                let lexeme = self.directive()?;
                self.push(lexeme, start);
                return Ok(());
            }
            if self.at_document_indicator() {
                let is_start = first == b'-';
                self.reset_line_state()?;
                let start = self.at;
                self.advance_ascii(3);
                self.push(
                    if is_start { Lexeme::DocumentStart } else { Lexeme::DocumentEnd },
                    start,
                );
                return Ok(());
            }
        }
        self.fetch_content(first)?;
        // A block scalar has taken its lines along.
        if !matches!(first, b'|' | b'>') {
            self.skip_comment_of_line();
        }
        Ok(())
    }

    fn fetch_end(&mut self) -> Result<(), ScanError> {
        if self.at.column != 0 {
            self.at.column = 0;
            self.at.line += 1;
        }
        self.reset_line_state()?;
        self.push(Lexeme::StreamEnd, self.at);
        Ok(())
    }

    fn reset_line_state(&mut self) -> Result<(), ScanError> {
        self.close_blocks(-1);
        self.drop_key()?;
        self.key_allowed = false;
        Ok(())
    }

    pub(super) fn push_indicator(&mut self, lexeme: Lexeme<'t>) {
        let start = self.at;
        self.advance_ascii(1);
        self.push(lexeme, start);
    }

    /// Skips blanks, comments and line breaks.
    fn skip_to_token(&mut self) {
        loop {
            // Tabs only where no key may start: they don't indent.
            let tabs = self.flow_level > 0 || !self.key_allowed;
            while self.byte(0) == Some(b' ') || (tabs && self.byte(0) == Some(b'\t')) {
                self.advance_ascii(1);
            }
            if self.byte(0) == Some(b'#') {
                self.skip_comments();
            }
            if line_break(self.bytes, self.here()) == 0 {
                return;
            }
            self.skip_break();
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// A comment and all that follow it with only blanks (tabs too) and empty lines between.
    fn skip_comments(&mut self) {
        loop {
            self.skip_rest_of_line();
            let mut ahead = self.here();
            loop {
                ahead += match line_break(self.bytes, ahead) {
                    0 if is_blank(self.bytes, ahead) => 1,
                    0 => break,
                    length => length,
                };
            }
            if self.bytes.get(ahead) != Some(&b'#') {
                return;
            }
            while self.here() < ahead {
                if line_break(self.bytes, self.here()) > 0 {
                    self.skip_break();
                } else {
                    self.advance_ascii(1);
                }
            }
        }
    }

    /// A comment after the last token on the same line; tabs may stand before it.
    fn skip_comment_of_line(&mut self) {
        let Some(last) = self.queue.back() else { return };
        if last.lexeme == Lexeme::BlockEntry || last.end.line != self.at.line {
            return;
        }
        let mut ahead = self.here();
        while is_blank(self.bytes, ahead) {
            ahead += 1;
        }
        if self.bytes.get(ahead) == Some(&b'#') {
            self.skip_rest_of_line();
        }
    }

    pub fn skip_rest_of_line(&mut self) {
        while !is_break_or_end(self.bytes, self.here()) {
            self.advance();
        }
    }

    /// Whether `---` or `...` stands here alone (column 0 is the caller's to check).
    pub fn at_document_indicator(&self) -> bool {
        let here = self.here();
        let mark = self.bytes.get(here..here + 3);
        (mark == Some(b"---") || mark == Some(b"...")) && is_blank_or_end(self.bytes, here + 3)
    }

    /// The byte at this distance.
    pub fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.here() + ahead).copied()
    }

    pub fn here(&self) -> usize {
        self.at.byte as usize
    }

    /// Steps over this number of ASCII characters, none of them a line break.
    pub fn advance_ascii(&mut self, count: u32) {
        self.at.byte += count;
        self.at.index += count;
        self.at.column += count;
    }

    /// Steps over one character that is not a line break.
    pub fn advance(&mut self) {
        let Some(byte) = self.byte(0) else { return };
        self.at.byte += width(byte) as u32;
        self.at.index += 1;
        self.at.column += 1;
    }

    /// Steps over the line break that stands here.
    pub fn skip_break(&mut self) {
        let length = line_break(self.bytes, self.here());
        self.at.index += if self.byte(0) == Some(b'\r') { length as u32 } else { 1 };
        self.at.byte += length as u32;
        self.at.column = 0;
        self.at.line += 1;
    }

    /// Steps over the line break that stands here and adds it to `breaks`, normalised.
    pub fn take_break(&mut self, breaks: &mut String) {
        let here = self.here();
        let length = line_break(self.bytes, here);
        if length == 3 {
            breaks.push_str(&self.text[here..here + length]);
        } else if length > 0 {
            breaks.push('\n');
        }
        if length > 0 {
            self.skip_break();
        }
    }

    /// A name of letters, digits, `_` and `-`, maybe empty.
    pub fn name(&mut self) -> &'t str {
        let start = self.here();
        while self.byte(0).is_some_and(is_name) {
            self.advance_ascii(1);
        }
        &self.text[start..self.here()]
    }
}

fn missing_colon(at: Mark) -> ScanError {
    ScanError::new(at, "a key must stand here, but no `:` follows it")
        .help("end the key with a colon and a space, or indent a text that goes on")
}

pub(super) fn too_deep(at: Mark) -> ScanError {
    ScanError::new(at, format!("nested more than {MAX_DEPTH} levels deep"))
}
