//! What chains refuse of a contract's wasm when it is uploaded is seen before.
#![allow(clippy::unwrap_used)]

use souk_tests::tools;
use wasmparser::{Parser, Payload, TypeRef};

/// Locals of a function, its parameters included: CosmWasm 3 takes 100. A few less, so that what grows is seen while
/// there is still time to split it.
const MOST_LOCALS: usize = 95;

const CONTRACTS: [&str; 5] = [
    "souk_attestations",
    "souk_escrow",
    "souk_fee_distributor",
    "souk_orderbook",
    "souk_provider_registry",
];

/// The locals of each function, its parameters included.
fn locals(wasm: &[u8]) -> Vec<usize> {
    let (mut parameters, mut of, mut locals) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::TypeSection(types) => {
                let all = types.into_iter_err_on_gc_types();
                parameters.extend(all.map(|one| one.unwrap().params().len()));
            }
            Payload::FunctionSection(functions) => {
                of.extend(functions.into_iter().map(|index| index.unwrap()));
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    assert!(matches!(import.unwrap().ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => {
                let own: u32 =
                    body.get_locals_reader().unwrap().into_iter().map(|one| one.unwrap().0).sum();
                let index = of[locals.len()];
                locals.push(
                    usize::try_from(own).unwrap() + parameters[usize::try_from(index).unwrap()],
                );
            }
            _ => {}
        }
    }
    locals
}

#[test]
fn no_function_of_a_contract_has_as_many_locals_as_chains_refuse() {
    for contract in CONTRACTS {
        let Some(wasm) = tools::or_not_run(tools::wasm(contract)) else { return };
        let locals = locals(&wasm);
        assert!(locals.len() > 100, "{contract} was read");
        let most = locals.into_iter().max().unwrap();
        assert!(most <= MOST_LOCALS, "{contract} has a function of {most} locals; split it");
    }
}
