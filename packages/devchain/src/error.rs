//! Errors as the chain reports them: a codespace, a code and a log, like the SDK's registered errors.

/// A failure with the codespace and code that a client sees.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{log}")]
pub struct AbciError {
    /// Module that registered the error (`sdk`, `wasm`, `bank`, `undefined`).
    pub codespace: &'static str,
    /// Number inside the codespace; never 0.
    pub code: u32,
    /// What went wrong, ending with the registered description.
    pub log: String,
    /// What a contract may learn of this failure.
    pub disclosure: Disclosure,
}

/// What a contract that catches a failure learns of it; the SDK hides texts that may differ between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// Codespace and code only.
    Redacted,
    /// The whole text: it is the same on every node.
    Deterministic,
    /// A typed system error for queries, however often it was wrapped; sub-messages get the code only.
    System(Box<cosmwasm_std::SystemError>),
}

/// Result of anything that can fail with a code.
pub type AbciResult<T> = Result<T, AbciError>;

impl AbciError {
    /// An error registered as `description`, wrapped in `detail` (which may be empty).
    pub fn registered(
        codespace: &'static str,
        code: u32,
        description: &str,
        detail: impl AsRef<str>,
    ) -> Self {
        let detail = detail.as_ref();
        let log = if detail.is_empty() {
            description.to_owned()
        } else {
            format!("{detail}: {description}")
        };
        Self { codespace, code, log, disclosure: Disclosure::Redacted }
    }

    /// An error that no module registered.
    pub fn unregistered(log: impl Into<String>) -> Self {
        Self { codespace: "undefined", code: 1, log: log.into(), disclosure: Disclosure::Redacted }
    }

    /// Puts what was being done before the text.
    pub fn wrap(mut self, doing: impl std::fmt::Display) -> Self {
        self.log = format!("{doing}: {}", self.log);
        if self.disclosure == Disclosure::Deterministic {
            self.disclosure = Disclosure::Redacted;
        }
        self
    }

    /// Marks the text as one that contracts may see.
    pub fn deterministic(mut self) -> Self {
        self.disclosure = Disclosure::Deterministic;
        self
    }

    /// The text that a contract gets which catches this failure.
    pub fn for_contract(&self) -> String {
        match &self.disclosure {
            Disclosure::Deterministic => self.log.clone(),
            Disclosure::Redacted | Disclosure::System(_) => {
                format!("codespace: {}, code: {}", self.codespace, self.code)
            }
        }
    }
}

macro_rules! errors {
    ($space:literal: $($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        $($(#[$doc])* pub fn $name(detail: impl AsRef<str>) -> AbciError {
            AbciError::registered($space, $code, $text, detail)
        })*
    };
}

/// Errors of the SDK's root codespace.
pub mod sdk {
    use super::AbciError;
    errors! { "sdk":
        /// The bytes are not a transaction.
        tx_decode = 2, "tx parse error";
        /// A signature or permission is missing or wrong.
        unauthorized = 4, "unauthorized";
        /// An account cannot pay.
        insufficient_funds = 5, "insufficient funds";
        /// No such message or query.
        unknown_request = 6, "unknown request";
        /// Text that is not an address of this chain.
        invalid_address = 7, "invalid address";
        /// A public key that is not the signer's, or of another kind.
        invalid_pubkey = 8, "invalid pubkey";
        /// An account that does not exist.
        unknown_address = 9, "unknown address";
        /// Coins that are unsorted, double, zero or invalid.
        invalid_coins = 10, "invalid coins";
        /// More gas used than wanted.
        out_of_gas = 11, "out of gas";
        /// The memo is too long.
        memo_too_large = 12, "memo too large";
        /// The fee is below the node's minimum.
        insufficient_fee = 13, "insufficient fee";
        /// Too many signatures.
        too_many_signatures = 14, "maximum number of signatures exceeded";
        /// Nobody signed.
        no_signatures = 15, "no signatures supplied";
        /// A request that makes no sense.
        invalid_request = 18, "invalid request";
        /// The thing asked for does not exist.
        key_not_found = 22, "key not found";
        /// The height is past the head or negative.
        invalid_height = 26, "invalid height";
        /// The transaction came after its timeout height.
        tx_timeout_height = 30, "tx timeout height";
        /// A transaction asks for an extension that this chain lacks.
        unknown_extension = 31, "unknown extension options";
        /// Signed with another sequence than the account's next.
        wrong_sequence = 32, "incorrect account sequence";
        /// Something of a type that does not belong there.
        invalid_type = 29, "invalid type";
        /// The chain does not allow it.
        not_supported = 37, "feature not supported";
        /// The state of that height is gone.
        not_found = 38, "not found";
        /// No gas limit.
        invalid_gas_limit = 41, "invalid gas limit";
        /// The transaction came after its timeout timestamp.
        tx_timeout = 42, "tx timeout";
    }

    /// A transaction handler crashed; the SDK's code for a recovered panic.
    pub fn panic(detail: impl AsRef<str>) -> AbciError {
        AbciError::registered("sdk", 111_222, "panic", detail)
    }
}

/// Errors of the authz module.
pub mod authz {
    use super::AbciError;
    errors! { "authz":
        /// Nothing was granted.
        not_granted = 2, "authorization not found";
        /// The expiry of a new grant has passed.
        invalid_expiry = 3, "expiration time of authorization should be more than current time";
        /// The grant has expired.
        expired = 6, "authorization expired";
        /// Nobody grants to oneself.
        own_grantee = 7, "grantee and granter should be different";
        /// A message that several must sign, or nobody.
        several_signers = 9, "authorization can be given to msg with only one signer";
    }
}

/// Errors of the wasm module.
pub mod wasm {
    use super::{AbciError, Disclosure};
    use cosmwasm_std::SystemError;
    errors! { "wasm":
        /// Uploaded bytes are not accepted.
        create_failed = 2, "create wasm contract failed";
        /// The address belongs to somebody who has signed.
        account_exists = 3, "contract account already exists";
        /// A contract's instantiate failed.
        instantiate_failed = 4, "instantiate wasm contract failed";
        /// A contract's execute, reply or sudo failed.
        execute_failed = 5, "execute wasm contract failed";
        /// A contract's query failed.
        query_failed = 9, "query wasm contract failed";
        /// A contract asked for a message that makes no sense.
        invalid_msg = 10, "invalid CosmosMsg from the contract";
        /// A contract's migrate failed.
        migrate_failed = 11, "migrate wasm contract failed";
        /// A required field is empty.
        empty = 12, "empty";
        /// A field is too long.
        limit = 13, "exceeds limit";
        /// A field is invalid.
        invalid = 14, "invalid";
        /// It exists already.
        duplicate = 15, "duplicate";
        /// A message of a kind that this chain lacks.
        unknown_msg = 20, "unknown message from the contract";
        /// An event or attribute that a contract may not emit.
        invalid_event = 21, "invalid event";
        /// Queries nested too deep.
        max_query_stack = 27, "max query stack size exceeded";
        /// A crash of the contract's code.
        vm_error = 29, "wasmvm error";
        /// Calls nested too deep.
        max_call_depth = 30, "max call depth exceeded";
    }

    /// No contract has that address.
    pub fn no_such_contract(addr: &str) -> AbciError {
        let mut err =
            AbciError::registered("wasm", 22, "no such contract", format!("address {addr}"));
        err.disclosure =
            Disclosure::System(Box::new(SystemError::NoSuchContract { addr: addr.to_owned() }));
        err
    }

    /// No code has that id.
    pub fn no_such_code(code_id: u64) -> AbciError {
        let mut err =
            AbciError::registered("wasm", 28, "no such code", format!("code id {code_id}"));
        err.disclosure = Disclosure::System(Box::new(SystemError::NoSuchCode { code_id }));
        err
    }
}
