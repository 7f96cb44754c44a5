//! What programs print. Where nobody reads it any more, as below `| head`, that is no error: what runs
//! goes on.

use std::{fmt::Display, io::Write as _};

/// A line on standard output.
pub fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A line on standard error.
pub fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
