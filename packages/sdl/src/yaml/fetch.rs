//! Which token starts with a character, and what it does to the open blocks and keys.

use super::{
    chars::{is_blank, is_blank_or_end},
    scanner::{KeyCandidate, MAX_DEPTH, Scanner, too_deep},
    token::{Lexeme, ScanError, Token},
};

impl<'t> Scanner<'t> {
    pub(super) fn fetch_content(&mut self, first: u8) -> Result<(), ScanError> {
        let flow = self.flow_level > 0;
        let blank_next = is_blank_or_end(self.bytes, self.here() + 1);
        match first {
            b'[' => self.fetch_flow_start(Lexeme::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Lexeme::FlowMappingStart),
            b']' => self.fetch_flow_end(Lexeme::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Lexeme::FlowMappingEnd),
            b',' => {
                self.drop_key()?;
                self.key_allowed = true;
                self.push_indicator(Lexeme::FlowEntry);
                Ok(())
            }
            b'-' if blank_next => self.fetch_entry(),
            b'?' if flow || blank_next => self.fetch_key(),
            b':' if flow || blank_next => self.fetch_value(),
            b'*' | b'&' => {
                self.save_key()?;
                self.key_allowed = false;
                let start = self.at;
                let name = self.anchor()?;
                let alias = first == b'*';
                self.push(if alias { Lexeme::Alias(name) } else { Lexeme::Anchor(name) }, start);
                Ok(())
            }
            b'!' => {
                self.save_key()?;
                self.key_allowed = false;
                let start = self.at;
                let lexeme = self.tag()?;
                self.push(lexeme, start);
                Ok(())
            }
            b'|' | b'>' if !flow => {
                self.drop_key()?;
                self.key_allowed = true;
                let token = self.block_scalar(first == b'|')?;
                self.queue.push_back(token);
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.key_allowed = false;
                let start = self.at;
                let lexeme = self.quoted_scalar(first)?;
                self.push(lexeme, start);
                Ok(())
            }
            _ if self.may_start_plain(first) => {
                self.save_key()?;
                self.key_allowed = false;
                let mut token = self.plain_scalar()?;
                token.key_level = std::mem::take(&mut self.next_is_key);
                self.queue.push_back(token);
                Ok(())
            }
            b'\t' => Err(ScanError::new(self.at, "a tab can't stand before this content")
                .help("indent with spaces")),
            other => {
                let c = self.text[self.here()..].chars().next().unwrap_or(char::from(other));
                Err(ScanError::new(self.at, format!("`{c}` can't start a value"))
                    .help("put the value into quotes"))
            }
        }
    }

    fn may_start_plain(&self, first: u8) -> bool {
        let next = self.here() + 1;
        match first {
            // A dash before the end or a break is an entry; a dash before a blank too.
            b'-' => !is_blank(self.bytes, next),
            b'?' | b':' => self.flow_level == 0 && !is_blank_or_end(self.bytes, next),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' => false,
            _ => !is_blank_or_end(self.bytes, self.here()),
        }
    }

    fn fetch_flow_start(&mut self, lexeme: Lexeme<'t>) -> Result<(), ScanError> {
        self.save_key()?;
        self.keys.push(KeyCandidate::default());
        self.flow_level += 1;
        if self.flow_level > MAX_DEPTH {
            return Err(too_deep(self.at));
        }
        self.key_allowed = true;
        self.push_indicator(lexeme);
        Ok(())
    }

    fn fetch_flow_end(&mut self, lexeme: Lexeme<'t>) -> Result<(), ScanError> {
        self.drop_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            self.keys.pop();
        }
        self.key_allowed = false;
        self.push_indicator(lexeme);
        Ok(())
    }

    fn fetch_entry(&mut self) -> Result<(), ScanError> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(ScanError::new(self.at, "a list can't start here")
                    .help("put the list on lines of its own"));
            }
            self.open_block(self.at.column, None, Lexeme::BlockSequenceStart, self.at)?;
        }
        self.drop_key()?;
        self.key_allowed = true;
        self.push_indicator(Lexeme::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), ScanError> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(ScanError::new(self.at, "a key can't start here"));
            }
            self.open_block(self.at.column, None, Lexeme::BlockMappingStart, self.at)?;
        }
        self.drop_key()?;
        self.key_allowed = self.flow_level == 0;
        self.push_indicator(Lexeme::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), ScanError> {
        let level = self.keys.len() - 1;
        if self.is_still_key(level)? {
            let key = self.keys[level];
            let token = Token { lexeme: Lexeme::Key, start: key.mark, end: key.mark, key_level: 0 };
            self.queue.insert(key.token - self.taken, token);
            let open = Lexeme::BlockMappingStart;
            self.open_block(key.mark.column, Some(key.token), open, key.mark)?;
            self.keys[level].possible = false;
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.key_allowed {
                    return Err(ScanError::new(self.at, "a `:` can't follow here")
                        .help("put a value that holds `: ` into quotes, or start a new line"));
                }
                self.open_block(self.at.column, None, Lexeme::BlockMappingStart, self.at)?;
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.push_indicator(Lexeme::Value);
        Ok(())
    }
}
