//! Contracts' JSON schemas, in `schema/` at the root of the repository.

use std::{env, fs, io, path::PathBuf};

use cosmwasm_schema::Api;

/// The schema of a contract's messages, whose module in `souk-api` is named.
#[macro_export]
macro_rules! api {
    ($messages:path) => {{
        use $messages as messages;
        ::cosmwasm_schema::generate_api! {
            instantiate: messages::InstantiateMsg,
            execute: messages::ExecuteMsg,
            query: messages::QueryMsg,
            migrate: messages::MigrateMsg,
        }
    }};
}

/// Writes a contract's schema: the whole of its schema program.
///
/// # Errors
/// If the file cannot be written.
pub fn write(api: Api) -> io::Result<()> {
    let path = path(&api);
    fs::write(&path, text(api))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// For a test: the committed schema is that of the messages.
///
/// # Panics
/// If it is not, with the command that writes it.
pub fn assert_is_fresh(api: Api) {
    let (name, path) = (api.contract_name.clone(), path(&api));
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let command = format!("cargo run -p {name} --bin schema-{}", short(&name));
    assert!(committed == text(api), "{} is not that of the messages: {command}", path.display());
}

fn path(api: &Api) -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| ".".into(), PathBuf::from);
    package.join("../../schema").join(short(&api.contract_name).to_owned() + ".json")
}

/// A package's name without the project's.
fn short(package: &str) -> &str {
    package.strip_prefix("souk-").unwrap_or(package)
}

fn text(api: Api) -> String {
    api.render().to_string().unwrap_or_else(|error| error.to_string()) + "\n"
}
