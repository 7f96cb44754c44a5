//! Which transactions are missing between what should be on the chain and what is. Pure:
//! what it says depends on nothing else.

use std::fmt;

use serde::Serialize;
use souk_client::{Contract, Contracts};

use super::{observe::Observed, target::Target};

/// Transactions that are missing, in the order in which they are to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The transactions.
    pub transactions: Vec<Transaction>,
}

/// One transaction: all its steps are done, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transaction {
    /// Who must send it.
    pub sender: String,
    /// What it does.
    pub steps: Vec<Step>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Upload a contract's code.
    Upload {
        /// Of which contract.
        #[serde(serialize_with = "as_text")]
        contract: Contract,
    },
    /// Make a contract.
    Instantiate {
        /// Which one.
        #[serde(serialize_with = "as_text")]
        contract: Contract,
        /// Where it will be.
        address: String,
    },
    /// Set the orderbook in the escrow.
    LinkEscrow,
    /// Set the orderbook in the registry.
    LinkRegistry,
    /// Move a contract to other code.
    Migrate {
        /// Which one.
        #[serde(serialize_with = "as_text")]
        contract: Contract,
        /// Where it is.
        address: String,
    },
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    /// There is nothing to migrate.
    #[error("there is no {0} on the chain; run `souk admin deploy` first")]
    NotDeployed(Contract),
    /// Nobody can.
    #[error("{contract} {address} has no admin: its code cannot be changed by anyone")]
    NoAdmin {
        /// Which contract.
        contract: Contract,
        /// Where it is.
        address: String,
    },
}

/// The transactions by which `sender` deploys what is missing. `predicted` are the addresses of
/// contracts that are not there yet.
pub fn deploy(target: &Target, seen: &Observed, predicted: &Contracts, sender: &str) -> Plan {
    let at = seen.addresses(predicted);
    let missing = |contract: &Contract| seen.contracts.of(*contract).is_none();
    let to_make: Vec<Contract> = Contract::ALL.into_iter().filter(missing).collect();
    let mut plan = Plan::default();
    plan.upload(seen, &to_make, sender);
    let mut joint = Plan::default();
    for contract in to_make {
        let address = at.of(contract).clone();
        joint.join(sender, Step::Instantiate { contract, address });
    }
    for (contract, link) in missing_links(seen, &at) {
        joint.join(&owner_of(target, seen, contract), link);
    }
    plan.transactions.extend(joint.transactions);
    plan
}

/// How the contracts move to the target's code: what is not on the chain yet is uploaded by `sender`,
/// then each admin moves all of its contracts in one transaction.
pub fn migrate(target: &Target, seen: &Observed, sender: &str) -> Result<Plan, NoPlan> {
    let mut joint = Plan::default();
    let mut changed = Vec::new();
    for contract in Contract::ALL {
        let Some(is) = seen.contracts.of(contract) else {
            return Err(NoPlan::NotDeployed(contract));
        };
        if is.checksum == target.checksums.of(contract) {
            continue;
        }
        let address = is.address.clone();
        let Some(admin) = &is.admin else {
            return Err(NoPlan::NoAdmin { contract, address });
        };
        changed.push(contract);
        joint.join(admin, Step::Migrate { contract, address });
    }
    joint.orderbook_after_escrow();
    let mut plan = Plan::default();
    plan.upload(seen, &changed, sender);
    plan.transactions.extend(joint.transactions);
    Ok(plan)
}

impl Plan {
    /// The first transaction, if it is this sender's.
    pub fn next_of(&self, sender: &str) -> Option<&Transaction> {
        self.transactions.first().filter(|transaction| transaction.sender == sender)
    }

    /// Uploads are transactions of their own: several do not fit into one.
    fn upload(&mut self, seen: &Observed, contracts: &[Contract], sender: &str) {
        for contract in contracts.iter().filter(|one| seen.codes.of(**one).is_none()) {
            let steps = vec![Step::Upload { contract: *contract }];
            self.transactions.push(Transaction { sender: sender.to_owned(), steps });
        }
    }

    /// An escrow understands what an older orderbook sends, and an older escrow not what a newer orderbook does.
    fn orderbook_after_escrow(&mut self) {
        let of = |plan: &Self, which| {
            let migrates =
                |step: &Step| matches!(step, Step::Migrate { contract, .. } if *contract == which);
            plan.transactions.iter().position(|one| one.steps.iter().any(migrates))
        };
        let (Some(escrow), Some(orderbook)) =
            (of(self, Contract::Escrow), of(self, Contract::Orderbook))
        else {
            return;
        };
        if orderbook >= escrow {
            return;
        }
        let before = &mut self.transactions[orderbook];
        let (last, rest): (Vec<Step>, Vec<Step>) = before
            .steps
            .drain(..)
            .partition(|step| matches!(step, Step::Migrate { contract: Contract::Orderbook, .. }));
        before.steps = rest;
        let sender = before.sender.clone();
        self.transactions.retain(|one| !one.steps.is_empty());
        self.transactions.push(Transaction { sender, steps: last });
    }

    /// Adds a step to the sender's one transaction.
    fn join(&mut self, sender: &str, step: Step) {
        match self.transactions.iter_mut().find(|one| one.sender == sender) {
            Some(transaction) => transaction.steps.push(step),
            None => {
                self.transactions.push(Transaction { sender: sender.to_owned(), steps: vec![step] })
            }
        }
    }
}

/// Links that the contracts do not have yet, with the contract whose owner makes each. An escrow
/// that is made now is made with its link.
fn missing_links(seen: &Observed, at: &Contracts) -> Vec<(Contract, Step)> {
    let config = |contract| seen.contracts.of(contract).as_ref()?.config.as_ref().ok();
    let mut links = Vec::new();
    if let Some(escrow) = config(Contract::Escrow) {
        let listed = escrow.get("controllers").and_then(|list| list.as_array());
        let orderbook = at.orderbook.as_str();
        if !listed.is_some_and(|list| list.iter().any(|one| one == orderbook)) {
            links.push((Contract::Escrow, Step::LinkEscrow));
        }
    }
    let linked = config(Contract::Registry).and_then(|registry| registry.get("orderbook"));
    if linked.is_none_or(|linked| *linked != at.orderbook.as_str()) {
        links.push((Contract::Registry, Step::LinkRegistry));
    }
    links
}

/// A contract's owner by its own word; of one that is to be made, the terms'.
fn owner_of(target: &Target, seen: &Observed, contract: Contract) -> String {
    let ownership = |seen: &super::observe::Seen| seen.ownership.as_ref().ok()?.owner.clone();
    let owner = seen.contracts.of(contract).as_ref().and_then(ownership);
    owner.unwrap_or_else(|| target.terms.owner.clone())
}

fn as_text<S: serde::Serializer>(contract: &Contract, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(contract.name())
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upload { contract } => write!(f, "upload {}", contract.file()),
            Self::Instantiate { contract, address } => write!(f, "make {contract} at {address}"),
            Self::LinkEscrow => f.write_str("link the escrow to the orderbook"),
            Self::LinkRegistry => f.write_str("link the provider-registry to the orderbook"),
            Self::Migrate { contract, address } => {
                write!(f, "move {contract} {address} to {}", contract.file())
            }
        }
    }
}

/// In one line: its first step, and how many follow.
impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.steps.as_slice() {
            [] => f.write_str("nothing"),
            [one] => one.fmt(f),
            [first, rest @ ..] => write!(f, "{first}, and {} more", rest.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use souk_client::{PerContract, contracts::Terms, market::Ownership};

    use super::*;
    use crate::admin::observe::Seen;

    const ME: &str = "souk1me";
    const DAO: &str = "souk1dao";

    fn target(owner: &str) -> Target {
        let checksums = PerContract::make(|contract| [contract as u8 + 1; 32]);
        Target { terms: Terms::new("usouk", owner), checksums }
    }

    fn predicted() -> Contracts {
        PerContract::make(|contract| format!("souk1{contract}"))
    }

    /// All contracts, as they should be.
    fn whole(target: &Target) -> Observed {
        let at = predicted();
        let contracts = PerContract::make(|contract| {
            Some(Seen {
                address: at.of(contract).clone(),
                code_id: contract as u64 + 1,
                checksum: target.checksums.of(contract).to_vec(),
                creator: ME.to_owned(),
                admin: Some(target.terms.admin.clone()),
                ownership: Ok(Ownership {
                    owner: Some(target.terms.owner.clone()),
                    pending_owner: None,
                }),
                config: Ok(target.config(contract, &at)),
            })
        });
        Observed { codes: PerContract::make(|contract| Some(contract as u64 + 1)), contracts }
    }

    fn nothing() -> Observed {
        Observed { codes: PerContract::default(), contracts: PerContract::default() }
    }

    fn steps(plan: &Plan) -> Vec<(String, usize)> {
        plan.transactions.iter().map(|one| (one.sender.clone(), one.steps.len())).collect()
    }

    #[test]
    fn an_empty_chain_needs_five_uploads_and_one_transaction_for_all_the_rest() {
        let plan = deploy(&target(ME), &nothing(), &predicted(), ME);
        let mut expected = vec![(ME.to_owned(), 1); 5];
        expected.push((ME.to_owned(), 6));
        assert_eq!(steps(&plan), expected);
        let last = plan.transactions.last().unwrap();
        assert_eq!(last.steps.last(), Some(&Step::LinkRegistry));
    }

    #[test]
    fn code_that_is_on_the_chain_is_not_uploaded_again() {
        let target = target(ME);
        let seen = Observed { contracts: PerContract::default(), ..whole(&target) };
        assert_eq!(steps(&deploy(&target, &seen, &predicted(), ME)), [(ME.to_owned(), 6)]);
    }

    #[test]
    fn when_all_contracts_are_there_nothing_is_needed() {
        let target = target(ME);
        assert_eq!(deploy(&target, &whole(&target), &predicted(), ME), Plan::default());
    }

    #[test]
    fn another_owner_has_to_link_by_itself() {
        let target = target(DAO);
        let seen = Observed { contracts: PerContract::default(), ..whole(&target) };
        let plan = deploy(&target, &seen, &predicted(), ME);
        assert_eq!(steps(&plan), [(ME.to_owned(), 5), (DAO.to_owned(), 1)]);
        assert!(plan.next_of(ME).is_some());
    }

    #[test]
    fn a_missing_contract_is_made_and_those_that_are_there_learn_its_address() {
        let target = target(ME);
        let mut seen = whole(&target);
        seen.contracts.orderbook = None;
        let moved = Contracts { orderbook: "souk1another".to_owned(), ..predicted() };
        let plan = deploy(&target, &seen, &moved, ME);
        let steps = &plan.transactions[0].steps;
        assert_eq!(plan.transactions.len(), 1);
        assert!(matches!(steps[0], Step::Instantiate { contract: Contract::Orderbook, .. }));
        assert_eq!(steps[1..], [Step::LinkEscrow, Step::LinkRegistry]);
    }

    #[test]
    fn changed_code_alone_is_uploaded_and_migrated() {
        let mut target = target(ME);
        let seen = whole(&target);
        target.checksums.escrow = [9; 32];
        let mut seen = seen;
        seen.codes.escrow = None;
        let plan = migrate(&target, &seen, ME).unwrap();
        assert_eq!(steps(&plan), [(ME.to_owned(), 1), (ME.to_owned(), 1)]);
        assert_eq!(
            plan.transactions[1].steps,
            [Step::Migrate { contract: Contract::Escrow, address: "souk1escrow".to_owned() }]
        );
        seen.codes.escrow = Some(12);
        assert_eq!(steps(&migrate(&target, &seen, ME).unwrap()), [(ME.to_owned(), 1)]);
    }

    #[test]
    fn each_admin_migrates_all_of_its_contracts_in_one_transaction() {
        let mut target = target(ME);
        let mut seen = whole(&target);
        target.checksums = PerContract::make(|contract| [contract as u8 + 70; 32]);
        if let Some(orderbook) = &mut seen.contracts.orderbook {
            orderbook.admin = Some(DAO.to_owned());
        }
        let plan = migrate(&target, &seen, ME).unwrap();
        assert_eq!(steps(&plan), [(ME.to_owned(), 4), (DAO.to_owned(), 1)]);
    }

    #[test]
    fn an_orderbook_is_migrated_after_its_escrow_whoever_administers_which() {
        let mut target = target(ME);
        let mut seen = whole(&target);
        target.checksums = PerContract::make(|contract| [contract as u8 + 70; 32]);
        if let Some(escrow) = &mut seen.contracts.escrow {
            escrow.admin = Some(DAO.to_owned());
        }
        let plan = migrate(&target, &seen, ME).unwrap();
        let me = ME.to_owned();
        let uploads = plan.transactions.len() - 3;
        assert_eq!(steps(&plan)[uploads..], [(me.clone(), 3), (DAO.to_owned(), 1), (me, 1)]);
        let last = plan.transactions.last().unwrap();
        assert!(matches!(last.steps[0], Step::Migrate { contract: Contract::Orderbook, .. }));
    }

    #[test]
    fn what_cannot_be_migrated_is_an_error() {
        let target = target(ME);
        assert!(matches!(migrate(&target, &nothing(), ME), Err(NoPlan::NotDeployed(_))));
        let mut seen = whole(&target);
        if let Some(escrow) = &mut seen.contracts.escrow {
            (escrow.admin, escrow.checksum) = (None, vec![0; 32]);
        }
        let refused = migrate(&target, &seen, ME).unwrap_err();
        assert!(matches!(refused, NoPlan::NoAdmin { contract: Contract::Escrow, .. }));
    }

    #[test]
    fn programs_read_a_plan_by_step_names() {
        let plan = deploy(&target(ME), &nothing(), &predicted(), ME);
        let first = serde_json::to_value(&plan.transactions[0]).unwrap();
        let steps = json!([{"step": "upload", "contract": "attestations"}]);
        assert_eq!(first, json!({"sender": ME, "steps": steps}));
    }
}
