//! Writes the contract's JSON schema to `schema/` at the root of the repository.

fn main() -> std::io::Result<()> {
    souk_contract_std::schema::write(souk_contract_std::api!(souk_api::attestations))
}
