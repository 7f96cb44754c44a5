//! How everybody in the market gets what is theirs.

use super::*;

impl Scenario {
    /// Sends the fees that were earned to stakers and pool.
    pub(super) fn distribute_fees(&mut self) {
        let contracts = self.market.contracts.clone();
        for denom in self.denoms() {
            self.send(
                "anyone",
                &contracts.escrow,
                &escrow::ExecuteMsg::SweepFees { denom: denom.clone() },
            );
            let split = fees::ExecuteMsg::Distribute { denom: denom.clone() };
            self.send("anyone", &contracts.fees, &split);
            self.send("anyone", &contracts.fees, &fees::ExecuteMsg::PayPool { denom });
        }
    }

    /// Pays every payee what it is owed, closed streams for the last time.
    pub(super) fn withdraw_all(&mut self) {
        for account in self.accounts() {
            let msg =
                escrow::QueryMsg::Streams { account, start_after: None, limit: Some(MAX_LIMIT) };
            let page: escrow::StreamsResponse =
                self.market.chain.ask(&self.market.contracts.escrow, &msg);
            for stream in page.streams {
                self.market.withdraw(account, OrderId(stream.stream)).unwrap();
            }
        }
    }

    /// Everything ends, and everybody takes what is theirs, to the last unit.
    pub fn take_all_out(&mut self) {
        let contracts = self.market.contracts.clone();
        let deployments = self.deployments();
        let open = deployments.iter().filter(|d| d.state == orderbook::DeploymentState::Active);
        for deployment in open {
            let tenant = Addr::unchecked(&deployment.tenant);
            let msg = orderbook::ExecuteMsg::CloseDeployment { deployment: deployment.id };
            self.market.send(&tenant, &contracts.orderbook, &msg, &[]).unwrap();
        }
        self.withdraw_all();
        for account in self.accounts() {
            for deposit in self.market.deposits(account).deposits {
                self.market.claim_refund(account, Some(deposit.deposit)).unwrap();
            }
            self.market.claim_refund(account, None).unwrap();
        }
        self.distribute_fees();
        self.market.burn().unwrap();
        self.send("anyone", &contracts.fees, &fees::ExecuteMsg::Burn { denom: self.cw20() });
        self.market.pass(8 * DAY);

        for name in STAKERS {
            let msg = fees::ExecuteMsg::ClaimRewards {
                staker: address(name).into(),
                denoms: self.denoms().into(),
            };
            self.send("anyone", &contracts.fees, &msg);
            let stake = self.market.staker_info(name).stake.u128();
            if stake > 0 {
                self.market.unstake(name, stake).unwrap();
            }
        }
        let orders = self.orders();
        for name in PROVIDERS {
            self.market.release(name, &orders).unwrap();
            if self.market.provider_info(name).registered {
                self.market.deregister(name).unwrap();
            }
        }
        self.market.pass(21 * DAY);
        for name in STAKERS {
            self.market.claim_unstaked(name).unwrap();
        }
        for name in PROVIDERS {
            self.market.claim_unbonded(name).unwrap();
        }
    }
}
