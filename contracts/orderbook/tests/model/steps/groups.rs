//! Groups that rest and start.

use super::*;

impl Play {
    /// A group that rests is started, if there is one.
    pub(super) fn start(&mut self, name: &str, which: u8) -> Done {
        let resting = self.resting();
        let Some((deployment, seq)) = resting.get(usize::from(which) % resting.len().max(1)) else {
            return Err("no group rests".to_owned());
        };
        let (id, seq) = (deployment.id, *seq);
        let name = if name == "friend" { name } else { self.name_of(&deployment.tenant) };
        self.attempt(|market| market.group(name, Start, id, seq))?;
        self.count(if name == "friend" { "start by a friend" } else { "start by the tenant" });
        Ok(())
    }

    /// A friend tops a deployment up whose group rests for lack of funds, and starts that.
    pub(super) fn top_up_and_start(&mut self, which: u8) -> Done {
        let resting = self.resting();
        let short = resting.iter().find(|(deployment, seq)| {
            let mut groups = deployment.groups.iter();
            groups.any(|one| one.seq.0 == *seq && one.state == GroupState::InsufficientFunds)
        });
        let Some((deployment, seq)) = short else { return self.start("friend", which) };
        let (id, seq, tenant) = (deployment.id, *seq, self.name_of(&deployment.tenant));
        self.attempt(|market| market.let_anyone_start(tenant, id, true))?;
        self.fund("friend", id, 2 * MIN_DEPOSIT)?;
        self.attempt(|market| market.group("friend", Start, id, seq))?;
        self.count("start by a friend");
        Ok(())
    }

    pub(super) fn resting(&self) -> Vec<(DeploymentResponse, u32)> {
        let groups = self.view.deployments.values().flat_map(|deployment| {
            let rests = |state| matches!(state, GroupState::Paused | GroupState::InsufficientFunds);
            let resting = deployment.groups.iter().filter(|group| rests(group.state));
            let seqs: Vec<u32> = resting.map(|group| group.seq.0).collect();
            seqs.into_iter().map(move |seq| (deployment.clone(), seq)).collect::<Vec<_>>()
        });
        groups.collect()
    }

    /// Coins or tokens for an account.
    pub(super) fn fund(&mut self, from: &str, id: DeploymentId, units: u128) -> Done {
        let account = AccountId(id.0);
        let (escrow, token) = (self.market.escrow.clone(), self.ledger.fees.token.clone());
        let from = self.market.who(from);
        if self.ledger.accounts[&id.0].0 == TOKEN {
            let msg = to_json_binary(&escrow::Cw20Hook::Deposit { account }).unwrap();
            let msg = Cw20ExecuteMsg::Send { contract: escrow.into(), amount: units.into(), msg };
            return self.attempt(|market| market.call(&from, &token, &msg, 0));
        }
        let msg = escrow::ExecuteMsg::Deposit { account };
        self.attempt(|market| market.call(&from, &escrow, &msg, units))
    }
}
