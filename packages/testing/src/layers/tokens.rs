//! Rust's tokens, as far as paths need them: comments, texts and numbers are left out.

/// A token and its line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub line: usize,
    pub text: String,
}

/// The identifiers and the punctuation of a source text; `::` is one token.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader { rest: source, line: 1 };
    let mut tokens = Vec::new();
    while let Some(first) = reader.rest.chars().next() {
        let line = reader.line;
        if reader.skip_comment() || reader.skip_text() {
            continue;
        }
        let is_word = |c: char| c == '_' || c.is_alphanumeric();
        let length = if is_word(first) {
            reader.rest.find(|c| !is_word(c)).unwrap_or(reader.rest.len())
        } else if reader.rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let text = reader.take(length);
        if !first.is_whitespace() && !first.is_ascii_digit() {
            tokens.push(Token { line, text: text.to_owned() });
        }
    }
    tokens
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn skip_comment(&mut self) -> bool {
        if self.rest.starts_with("//") {
            self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            return true;
        }
        if !self.rest.starts_with("/*") {
            return false;
        }
        let mut depth = 0usize;
        loop {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
            } else {
                let Some(next) = self.rest.chars().next() else { return true };
                self.take(next.len_utf8());
            }
            if depth == 0 {
                return true;
            }
        }
    }

    /// Skips a text, raw or not, and a character. A lifetime is read as punctuation and a name.
    fn skip_text(&mut self) -> bool {
        for prefix in ["br", "cr", "r"] {
            let Some(after) = self.rest.strip_prefix(prefix) else { continue };
            let hashes = after.len() - after.trim_start_matches('#').len();
            if after[hashes..].starts_with('"') {
                let end = format!("\"{}", "#".repeat(hashes));
                let start = prefix.len() + hashes + 1;
                let length = self.rest[start..].find(&end).map(|at| start + at + end.len());
                self.take(length.unwrap_or(self.rest.len()));
                return true;
            }
        }
        for prefix in ["b\"", "c\"", "\""] {
            if self.rest.starts_with(prefix) {
                self.take(prefix.len());
                self.skip_to_quote('"');
                return true;
            }
        }
        let quote = self.rest.strip_prefix("b'").or_else(|| self.rest.strip_prefix('\''));
        let Some(inside) = quote else { return false };
        let mut chars = inside.chars();
        let is_character = match chars.next() {
            Some('\\') => true,
            Some(_) => chars.next() == Some('\''),
            None => false,
        };
        if is_character {
            self.take(self.rest.len() - inside.len());
            self.skip_to_quote('\'');
        }
        is_character
    }

    fn skip_to_quote(&mut self, quote: char) {
        while let Some(next) = self.rest.chars().next() {
            self.take(next.len_utf8());
            if next == quote {
                return;
            }
            if next == '\\' {
                let escaped = self.rest.chars().next().map_or(0, char::len_utf8);
                self.take(escaped);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_texts_and_characters_are_left_out_and_lines_are_counted() {
        let source = r####"
// crate::a
/* crate::b /* nested */ */ use crate::c; "crate::d \" x" r#"crate::"e"# 'f' '\'' b'"' fn g<'h>() {}
1_000.max(2);
"####;
        let found: Vec<(usize, String)> =
            tokens(source).into_iter().map(|token| (token.line, token.text)).collect();
        let words: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        let expected =
            "use crate :: c ; fn g < ' h > ( ) { } . max ( ) ;".split(' ').collect::<Vec<_>>();
        assert_eq!(words, expected);
        assert_eq!(found.first().map(|(line, _)| *line), Some(3));
        assert_eq!(found.last().map(|(line, _)| *line), Some(4));
    }
}
