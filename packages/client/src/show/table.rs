//! Plain tables.

use comfy_table::{ContentArrangement, Table, presets};

/// A table with these columns.
pub fn table<I: IntoIterator<Item = S>, S: ToString>(columns: I) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(columns.into_iter().map(|column| column.to_string().to_uppercase()));
    table
}
