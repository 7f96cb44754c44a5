//! Anchors, aliases, tags and directives.

use std::borrow::Cow;

use super::{
    chars::{is_blank, is_blank_or_end, is_break_or_end, is_name, line_break},
    scanner::Scanner,
    token::{Lexeme, Mark, ScanError},
};

impl<'t> Scanner<'t> {
    /// The name after `&` or `*`.
    pub(super) fn anchor(&mut self) -> Result<&'t str, ScanError> {
        let start = self.at;
        self.advance_ascii(1);
        let name = self.name();
        let ends = is_blank_or_end(self.bytes, self.here())
            || matches!(self.byte(0), Some(b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'));
        if name.is_empty() || !ends {
            return Err(ScanError::new(
                start,
                "an anchor's name is made of letters, digits, `_` and `-`",
            )
            .help("put a value that starts with `*` or `&` into quotes"));
        }
        Ok(name)
    }

    /// `!suffix`, `!handle!suffix`, `!<verbatim>` or `!`.
    pub(super) fn tag(&mut self) -> Result<Lexeme<'t>, ScanError> {
        let start = self.at;
        let lexeme = if self.byte(1) == Some(b'<') {
            self.advance_ascii(2);
            let uri = self.tag_uri(Cow::Borrowed(""), false, start)?;
            if self.byte(0) != Some(b'>') {
                return Err(ScanError::new(start, "a verbatim tag ends with `>`"));
            }
            self.advance_ascii(1);
            Lexeme::Tag("", uri)
        } else {
            let from = self.here();
            let handle = self.tag_handle();
            if handle.len() > 1 && handle.ends_with('!') {
                Lexeme::Tag(handle, self.tag_uri(Cow::Borrowed(""), false, start)?)
            } else {
                let head = Cow::Borrowed(&self.text[from + 1..self.here()]);
                let suffix = self.tag_uri(head, true, start)?;
                if suffix.is_empty() {
                    Lexeme::Tag("", Cow::Borrowed("!"))
                } else {
                    Lexeme::Tag("!", suffix)
                }
            }
        };
        if !is_blank_or_end(self.bytes, self.here()) {
            return Err(ScanError::new(start, "a blank must follow a tag")
                .help("put a value that starts with `!` into quotes"));
        }
        Ok(lexeme)
    }

    /// `!`, a name, and `!` if it is there.
    fn tag_handle(&mut self) -> &'t str {
        let start = self.here();
        self.advance_ascii(1);
        self.name();
        if self.byte(0) == Some(b'!') {
            self.advance_ascii(1);
        }
        &self.text[start..self.here()]
    }

    fn tag_uri(
        &mut self,
        head: Cow<'t, str>,
        may_be_empty: bool,
        start: Mark,
    ) -> Result<Cow<'t, str>, ScanError> {
        let from = self.here();
        let mut escaped: Option<Vec<u8>> = None;
        while let Some(byte) = self.byte(0) {
            if byte == b'%' {
                let octet = self
                    .text
                    .get(self.here() + 1..self.here() + 3)
                    .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                let Some(octet) = octet else {
                    return Err(ScanError::new(
                        start,
                        "`%` in a tag needs two hex digits after it",
                    ));
                };
                let done = || self.text.as_bytes()[from..self.here()].to_vec();
                escaped.get_or_insert_with(done).push(octet);
                self.advance_ascii(3);
            } else if is_name(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) {
                if let Some(escaped) = &mut escaped {
                    escaped.push(byte);
                }
                self.advance_ascii(1);
            } else {
                break;
            }
        }
        if self.here() == from && !may_be_empty {
            return Err(ScanError::new(start, "a tag is missing its name"));
        }
        match escaped {
            None if head.is_empty() => Ok(Cow::Borrowed(&self.text[from..self.here()])),
            None => Ok(Cow::Owned(format!("{head}{}", &self.text[from..self.here()]))),
            Some(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Owned(format!("{head}{text}"))),
                Err(_) => Err(ScanError::new(start, "the escapes of a tag are no UTF-8")),
            },
        }
    }

    /// `%YAML 1.1` or `%TAG !handle! prefix`, with its line.
    pub(super) fn directive(&mut self) -> Result<Lexeme<'t>, ScanError> {
        let start = self.at;
        self.advance_ascii(1);
        let name = self.name();
        if name.is_empty() || !is_blank_or_end(self.bytes, self.here()) {
            return Err(ScanError::new(start, "`%` at a line's start must be %YAML or %TAG"));
        }
        let lexeme = match name {
            "YAML" => self.version()?,
            "TAG" => self.tag_prefix(start)?,
            _ => return Err(ScanError::new(start, format!("the directive %{name} is unknown"))),
        };
        self.skip_blanks();
        if self.byte(0) == Some(b'#') {
            self.skip_rest_of_line();
        }
        if !is_break_or_end(self.bytes, self.here()) {
            return Err(ScanError::new(self.at, "nothing but a comment may follow a directive"));
        }
        if line_break(self.bytes, self.here()) > 0 {
            self.skip_break();
        }
        Ok(lexeme)
    }

    fn version(&mut self) -> Result<Lexeme<'t>, ScanError> {
        self.skip_blanks();
        let major = self.version_number()?;
        if self.byte(0) != Some(b'.') {
            return Err(ScanError::new(self.at, "%YAML needs a version such as 1.1"));
        }
        self.advance_ascii(1);
        Ok(Lexeme::Version(major, self.version_number()?))
    }

    fn version_number(&mut self) -> Result<u32, ScanError> {
        let start = self.here();
        while self.byte(0).is_some_and(|b| b.is_ascii_digit()) {
            self.advance_ascii(1);
        }
        let digits = &self.text[start..self.here()];
        let number = if digits.len() <= 2 { digits.parse().ok() } else { None };
        number.ok_or_else(|| ScanError::new(self.at, "%YAML needs a version such as 1.1"))
    }

    fn tag_prefix(&mut self, start: Mark) -> Result<Lexeme<'t>, ScanError> {
        self.skip_blanks();
        if self.byte(0) != Some(b'!') {
            return Err(ScanError::new(start, "%TAG needs a handle such as `!name!`"));
        }
        let handle = self.tag_handle();
        if handle != "!" && !handle.ends_with('!') {
            return Err(ScanError::new(start, "a handle in %TAG ends with `!`"));
        }
        if !is_blank(self.bytes, self.here()) {
            return Err(ScanError::new(start, "a blank must follow the handle in %TAG"));
        }
        self.skip_blanks();
        let prefix = self.tag_uri(Cow::Borrowed(""), false, start)?;
        if !is_blank_or_end(self.bytes, self.here()) {
            return Err(ScanError::new(start, "a blank must follow the prefix in %TAG"));
        }
        Ok(Lexeme::TagPrefix(handle, prefix))
    }

    fn skip_blanks(&mut self) {
        while is_blank(self.bytes, self.here()) {
            self.advance_ascii(1);
        }
    }
}
