//! Compiles the files named on standard input, a path a line, and prints a report a line.
//!
//! ```sh
//! find . -name '*.yaml' | cargo run -p souk-sdl --example compile
//! ```

use std::io::{self, BufRead, Write};

use souk_sdl::{CompileReport, Options, compile_bytes};

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for path in io::stdin().lock().lines() {
        let path = path?;
        let result = compile_bytes(&std::fs::read(&path)?, &Options::default());
        serde_json::to_writer(&mut out, &CompileReport::new(path, &result))?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
