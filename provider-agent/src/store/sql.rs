//! Conversion of columns: numbers, which SQLite keeps signed; texts by `Display`; structures as JSON.
//! A failed conversion is an error that names the column.

use std::{error::Error, fmt::Display, str::FromStr};

use rusqlite::{Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};

type Result<T> = rusqlite::Result<T>;

/// An unsigned number as a column. SQLite's numbers end at 2^63 - 1, and nothing of the chain is larger. A
/// larger one is what a visitor or a node made up: it counts as that, so that nobody's word makes the store
/// fail, which ends the agent.
pub(super) fn int(value: u64) -> Result<i64> {
    Ok(i64::try_from(value).unwrap_or(i64::MAX))
}

/// An optional unsigned number as a column.
pub(super) fn opt_int(value: Option<u64>) -> Result<Option<i64>> {
    value.map(int).transpose()
}

/// A structure as a column.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn bad(
    row: &Row<'_>,
    column: &str,
    ty: Type,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or(0);
    rusqlite::Error::FromSqlConversionFailure(index, ty, error.into())
}

/// Reads an unsigned number.
pub(super) fn uint(row: &Row<'_>, column: &str) -> Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|error| bad(row, column, Type::Integer, error))
}

/// Reads an unsigned number of 32 bits.
pub(super) fn uint32(row: &Row<'_>, column: &str) -> Result<u32> {
    let value: i64 = row.get(column)?;
    u32::try_from(value).map_err(|error| bad(row, column, Type::Integer, error))
}

/// Reads an optional unsigned number.
pub(super) fn opt_uint(row: &Row<'_>, column: &str) -> Result<Option<u64>> {
    match row.get::<_, Option<i64>>(column)? {
        None => Ok(None),
        Some(_) => uint(row, column).map(Some),
    }
}

/// Reads a value that is stored as text.
pub(super) fn text<T>(row: &Row<'_>, column: &str) -> Result<T>
where
    T: FromStr,
    T::Err: Display,
{
    let value: String = row.get(column)?;
    value.parse().map_err(|error: T::Err| bad(row, column, Type::Text, error.to_string()))
}

/// Reads an optional value that is stored as text.
pub(super) fn opt_text<T>(row: &Row<'_>, column: &str) -> Result<Option<T>>
where
    T: FromStr,
    T::Err: Display,
{
    match row.get::<_, Option<String>>(column)? {
        None => Ok(None),
        Some(_) => text(row, column).map(Some),
    }
}

/// Reads an optional word by a parser of its own.
pub(super) fn opt_parsed<T, E: Display>(
    row: &Row<'_>,
    column: &str,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<Option<T>> {
    let text = row.get::<_, Option<String>>(column)?;
    let parsed = text.map(|text| parse(&text)).transpose();
    parsed.map_err(|error| bad(row, column, Type::Text, error.to_string()))
}

/// Reads a structure.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| bad(row, column, Type::Text, error))
}

/// Reads an optional structure.
pub(super) fn opt_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Option<T>> {
    match row.get::<_, Option<String>>(column)? {
        None => Ok(None),
        Some(_) => json(row, column).map(Some),
    }
}
