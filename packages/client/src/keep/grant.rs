//! Leave for a keeper's key to top up one account with its tenant's coins.
//!
//! It is a grant of the chain: the exact deposit into one account, up to a sum, until a second. The chain keeps one list
//! of grants, with one time, for each pair of keys; a new list replaces the old. So what is to stay is sent along, with
//! what is left of it.

use souk_api::{escrow, orderbook::DeploymentResponse};
use souk_chain::{
    Any, Coin,
    query::QueryError,
    tx::{
        self, ContractGrant, ExecutionGrants, GrantLimit, GrantedMessages, MsgError,
        grant_execution, revoke_execution,
    },
};
use souk_core::{AccountId, Amount, Denom};

use crate::{
    error::{Error, GrantError, MarketError},
    market::Market,
    show::moment,
};

/// What a keeper may still spend of its tenant's coins on one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Allowance {
    /// Base units.
    pub left: Amount,
    /// The last second at which it holds, by block time; none for ever.
    pub until: Option<u64>,
}

/// Who lets whom top up which account.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    /// Whose coins.
    pub tenant: &'a str,
    /// Whose key.
    pub keeper: &'a str,
    /// The deployment.
    pub deployment: &'a DeploymentResponse,
}

/// Grants as they will be, and what becomes of those that were there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The whole list; none if nothing is left.
    pub grants: Option<ExecutionGrants>,
    /// What was left for the same account.
    pub replaced: Option<Allowance>,
    /// How many others stay.
    pub kept: usize,
    /// How many others are taken back.
    pub dropped: usize,
}

impl Pair<'_> {
    /// What the chain lets the keeper do for the tenant.
    async fn held(
        &self,
        market: &Market,
    ) -> Result<Result<Option<ExecutionGrants>, String>, Error> {
        match market.chain().execution_grants(self.tenant, self.keeper).await {
            Ok(held) => Ok(Ok(held)),
            Err(QueryError::Decode { reason, .. }) => Ok(Err(reason)),
            Err(error) => Err(MarketError::from(error).into()),
        }
    }

    fn known(
        &self,
        held: Result<Option<ExecutionGrants>, String>,
    ) -> Result<Option<ExecutionGrants>, GrantError> {
        held.map_err(|reason| GrantError::Unknown { keeper: self.keeper.to_owned(), reason })
    }

    /// What the keeper may still spend; none if it has no leave, or none any more.
    ///
    /// # Errors
    /// If the chain does not answer, or if it has leave of another kind.
    pub async fn allowance(&self, market: &Market) -> Result<Option<Allowance>, Error> {
        let held = self.known(self.held(market).await?)?;
        let escrow = &market.contracts.escrow;
        Ok(held
            .and_then(|held| left(&held, escrow, self.deployment.account, &self.deployment.denom)))
    }

    /// Lets the keeper spend `limit` base units until the second `until`. With `replace` whatever else it may execute for
    /// the tenant is taken back.
    ///
    /// # Errors
    /// [`GrantError`] if that cannot be, or would change what else it may; if the chain does not answer.
    pub async fn give(
        &self,
        market: &Market,
        limit: Amount,
        until: u64,
        replace: bool,
    ) -> Result<Change, Error> {
        let denom = grantable(self.deployment, self.tenant)?;
        if self.keeper == self.tenant {
            return Err(GrantError::OwnKey(self.keeper.to_owned()).into());
        }
        let limit = GrantLimit::Coins(vec![Coin::new(limit.u128(), denom)]);
        let deposit = deposit(self.deployment.account);
        let grant = ContractGrant::exactly(&market.contracts.escrow, &deposit, limit)?;
        let held = match (self.held(market).await?, replace) {
            (Err(_), true) => None,
            (held, _) => self.known(held)?,
        };
        Ok(self.with(held, grant, until, replace)?)
    }

    /// The list with `grant` in the place of the one for the same account.
    fn with(
        &self,
        held: Option<ExecutionGrants>,
        grant: ContractGrant,
        until: u64,
        replace: bool,
    ) -> Result<Change, GrantError> {
        let (same, mut others, expires) = split(held, &grant);
        let replaced = allowance_of(&same, expires, &self.deployment.denom);
        let dropped = if replace { others.len() } else { 0 };
        if replace {
            others.clear();
        }
        if !others.is_empty() && expires != Some(until) {
            let (keeper, others) = (self.keeper.to_owned(), others.len());
            let until = expires.map_or("for ever".to_owned(), |at| format!("until {}", moment(at)));
            return Err(GrantError::OtherTime { keeper, others, until });
        }
        let kept = others.len();
        others.push(grant);
        let grants = Some(ExecutionGrants { grants: others, expires: Some(until) });
        Ok(Change { grants, replaced, kept, dropped })
    }

    /// Takes back what the keeper may spend on the account, and nothing else.
    ///
    /// # Errors
    /// [`GrantError`] if it has no such leave, or of another kind; if the chain does not answer.
    pub async fn take_back(&self, market: &Market) -> Result<Change, Error> {
        let held = self.known(self.held(market).await?)?;
        // The limit does not matter.
        let deposit = deposit(self.deployment.account);
        let grant =
            ContractGrant::exactly(&market.contracts.escrow, &deposit, GrantLimit::Calls(1))?;
        let (same, others, expires) = split(held, &grant);
        if same.is_empty() {
            let (keeper, deployment) = (self.keeper.to_owned(), self.deployment.id);
            return Err(GrantError::None { keeper, deployment }.into());
        }
        let replaced = allowance_of(&same, expires, &self.deployment.denom);
        let kept = others.len();
        let grants = (kept > 0).then_some(ExecutionGrants { grants: others, expires });
        Ok(Change { grants, replaced, kept, dropped: 0 })
    }

    /// The message that makes it so, for the tenant to sign.
    pub fn message(&self, change: &Change) -> Any {
        match &change.grants {
            Some(grants) => grant_execution(self.tenant, self.keeper, grants),
            None => revoke_execution(self.tenant, self.keeper),
        }
    }
}

/// The denom in which `payer` can let another key top a deployment up.
///
/// # Errors
/// [`GrantError::Token`] if it is paid in a token; [`GrantError::NotTenant`] if it is somebody else's.
pub fn grantable<'d>(
    deployment: &'d DeploymentResponse,
    payer: &str,
) -> Result<&'d str, GrantError> {
    let id = deployment.id;
    match &deployment.denom {
        Denom::Cw20(_) => {
            let denom = deployment.denom.to_string();
            Err(GrantError::Token { deployment: id, denom })
        }
        Denom::Native(_) if deployment.tenant != payer => {
            let (tenant, key) = (deployment.tenant.clone(), payer.to_owned());
            Err(GrantError::NotTenant { deployment: id, tenant, key })
        }
        Denom::Native(denom) => Ok(denom),
    }
}

/// The deposit into an account, which is what is granted.
pub(super) fn deposit(account: AccountId) -> escrow::ExecuteMsg {
    escrow::ExecuteMsg::Deposit { account }
}

/// A deposit of the tenant's, as the keeper sends it.
///
/// # Errors
/// If the message cannot be written as JSON.
pub(super) fn deposit_for(
    (tenant, keeper): (&str, &str),
    escrow: &str,
    account: AccountId,
    coin: Coin,
) -> Result<Any, MsgError> {
    let message = tx::execute(tenant, escrow, &deposit(account), &[coin])?;
    Ok(tx::as_granted(keeper, vec![message]))
}

/// The grants of the same message to the same contract, the others, and how long they hold.
fn split(
    held: Option<ExecutionGrants>,
    grant: &ContractGrant,
) -> (Vec<ContractGrant>, Vec<ContractGrant>, Option<u64>) {
    let Some(ExecutionGrants { grants, expires }) = held else { return Default::default() };
    let is_same =
        |one: &ContractGrant| one.contract == grant.contract && one.messages == grant.messages;
    let (same, others) = grants.into_iter().partition(is_same);
    (same, others, expires)
}

fn allowance_of(grants: &[ContractGrant], until: Option<u64>, denom: &Denom) -> Option<Allowance> {
    // Each call uses one of them alone.
    let most = grants.iter().map(|grant| grant.limit.left_of(&denom.to_string())).max()?;
    Some(Allowance { left: Amount::saturating(most), until })
}

/// What may still be sent with the deposit, by whatever allows it.
fn left(
    held: &ExecutionGrants,
    escrow: &str,
    account: AccountId,
    denom: &Denom,
) -> Option<Allowance> {
    let exact = serde_json::to_vec(&deposit(account)).ok()?;
    let allows = |grant: &&ContractGrant| {
        grant.contract == escrow
            && match &grant.messages {
                GrantedMessages::Exactly(messages) => messages.contains(&exact),
                GrantedMessages::WithKey(keys) => keys.iter().any(|key| key == "deposit"),
                GrantedMessages::All => true,
            }
    };
    let grants: Vec<ContractGrant> = held.grants.iter().filter(allows).cloned().collect();
    allowance_of(&grants, held.expires, denom).filter(|allowance| allowance.left > Amount::ZERO)
}

#[cfg(test)]
mod tests;
