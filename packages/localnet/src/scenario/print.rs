//! How the scenario looks on screen.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::say;

/// The next section's heading, with its number.
pub fn section(title: &str) {
    static SECTION: AtomicU32 = AtomicU32::new(1);
    let number = SECTION.fetch_add(1, Ordering::Relaxed);
    say::line(format!("\n== {number}. {title}"));
}

/// A sentence, or several lines of a table.
pub fn line(text: impl AsRef<str>) {
    for line in text.as_ref().trim_end().lines() {
        say::line(format!("   {line}"));
    }
}
