//! What both chains hold at one height: balances, sequences, the contracts' whole storage, and
//! answers to every kind of question.

use cosmrs::proto::{
    cosmos::{
        auth::v1beta1::QueryAccountRequest,
        bank::v1beta1::{QueryAllBalancesRequest, QueryBalanceRequest, QuerySupplyOfRequest},
        base::query::v1beta1::PageRequest,
    },
    cosmwasm::wasm::v1::{
        QueryAllContractStateRequest, QueryAllContractStateResponse, QueryCodeRequest,
        QueryContractHistoryRequest, QueryContractInfoRequest, QueryContractsByCodeRequest,
        QueryContractsByCreatorRequest, QueryRawContractStateRequest,
        QuerySmartContractStateRequest,
    },
    traits::Message,
};
use serde::Serialize;
use serde_json::json;
use souk_api::{escrow, fees, orderbook, registry};
use souk_core::{AccountId, DeploymentId, OrderId};

use crate::{
    accounts::{DENOM, Who},
    market::{Contracts, native},
    pair::{Pair, address},
};

const WASM: &str = "/cosmwasm.wasm.v1.Query";
const BANK: &str = "/cosmos.bank.v1beta1.Query";

impl Pair {
    async fn ask_wasm(&mut self, method: &str, request: &impl Message) -> Vec<u8> {
        let what = format!("query {method}");
        self.ask(&what, &format!("{WASM}/{method}"), &request.encode_to_vec()).await
    }

    /// Asks a contract, with a message or with bytes that are none.
    pub async fn smart_bytes(&mut self, contract: &str, query_data: Vec<u8>) {
        let what = format!("query {} of {contract}", String::from_utf8_lossy(&query_data));
        let request = QuerySmartContractStateRequest { address: contract.to_owned(), query_data };
        let path = format!("{WASM}/SmartContractState");
        self.ask(&what, &path, &request.encode_to_vec()).await;
    }

    pub async fn smart(&mut self, contract: &str, msg: &impl Serialize) {
        self.smart_bytes(contract, serde_json::to_vec(msg).unwrap()).await;
    }

    /// Compares everybody's balances and sequences.
    pub async fn compare_accounts(&mut self, contracts: &Contracts) {
        for who in Who::ALL {
            self.compare_sequence(who).await;
        }
        let accounts = Who::ALL.map(address);
        for address in accounts.iter().chain(contracts.all()) {
            let request = QueryAllBalancesRequest {
                address: address.clone(),
                ..QueryAllBalancesRequest::default()
            };
            let what = format!("balances of {address}");
            self.ask(&what, &format!("{BANK}/AllBalances"), &request.encode_to_vec()).await;
        }
    }

    /// Compares what each contract has stored, record by record, and what the chain says of it.
    pub async fn compare_contracts(&mut self, contracts: &Contracts) {
        for contract in contracts.all() {
            let mut key = Vec::new();
            loop {
                let page = PageRequest { key, limit: 200, ..PageRequest::default() };
                let request = QueryAllContractStateRequest {
                    address: contract.clone(),
                    pagination: Some(page),
                };
                let answer = self.ask_wasm("AllContractState", &request).await;
                let answer = QueryAllContractStateResponse::decode(answer.as_slice()).unwrap();
                key = answer.pagination.map(|page| page.next_key).unwrap_or_default();
                if key.is_empty() {
                    break;
                }
            }
            let address = contract.clone();
            self.ask_wasm("ContractInfo", &QueryContractInfoRequest { address }).await;
            let request =
                QueryContractHistoryRequest { address: contract.clone(), pagination: None };
            self.ask_wasm("ContractHistory", &request).await;
        }
        let creator_address = address(Who::Owner);
        let request = QueryContractsByCreatorRequest { creator_address, pagination: None };
        self.ask_wasm("ContractsByCreator", &request).await;
        for code_id in 0..8 {
            let request = QueryContractsByCodeRequest { code_id, pagination: None };
            self.ask_wasm("ContractsByCode", &request).await;
            self.ask_wasm("CodeInfo", &QueryCodeRequest { code_id }).await;
        }
    }

    /// Asks the contracts about what there is and about what there is not.
    pub async fn compare_answers(&mut self, contracts: &Contracts, deployment: u64, order: u64) {
        use orderbook::QueryMsg as Orderbook;
        let provider = address(Who::Cheap);
        for deployment in [deployment, u64::MAX] {
            let deployment = DeploymentId(deployment);
            self.smart(&contracts.orderbook, &Orderbook::Deployment { deployment }).await;
        }
        for order in [order, 9_999_999].map(OrderId) {
            let bids = Orderbook::Bids { order, start_after: None, limit: Some(10) };
            let bid = Orderbook::Bid { order, provider: provider.clone() };
            let eligible = Orderbook::Eligible { order, provider: provider.clone() };
            for question in
                [Orderbook::Order { order }, Orderbook::Lease { order }, bids, bid, eligible]
            {
                self.smart(&contracts.orderbook, &question).await;
            }
        }
        let leases =
            Orderbook::Leases { provider: provider.clone(), start_after: None, limit: None };
        let stats = Orderbook::ProviderStats { provider: provider.clone() };
        let orders = Orderbook::Orders { start_after: None, limit: Some(7) };
        for question in [Orderbook::Config {}, leases, stats, orders, Orderbook::Ownership {}] {
            self.smart(&contracts.orderbook, &question).await;
        }
        for account in [deployment, 9_999_999].map(AccountId) {
            use escrow::QueryMsg::*;
            let streams = Streams { account, start_after: None, limit: None };
            let deposits = Deposits { account, start_after: None, limit: None };
            let stream = Stream { account, stream: order };
            for question in [Account { account }, streams, deposits, stream] {
                self.smart(&contracts.escrow, &question).await;
            }
        }
        self.smart(&contracts.escrow, &escrow::QueryMsg::Totals { denom: native() }).await;
        for provider in [provider, "no address".to_owned()] {
            self.smart(&contracts.registry, &registry::QueryMsg::Provider { provider }).await;
        }
        for staker in [Who::Staker, Who::Nobody].map(address) {
            self.smart(&contracts.fees, &fees::QueryMsg::Staker { staker }).await;
        }
        self.smart(&contracts.fees, &fees::QueryMsg::Denom { denom: native() }).await;
    }

    /// Questions that make no sense, and about things that are not there.
    pub async fn compare_bad_questions(&mut self, contracts: &Contracts) {
        let (orderbook, nobody) = (contracts.orderbook.clone(), address(Who::Nobody));
        self.smart(&orderbook, &json!({ "no_such_question": {} })).await;
        self.smart(&orderbook, &json!({ "order": { "order": "seven" } })).await;
        self.smart_bytes(&orderbook, b"{ not json".to_vec()).await;
        self.smart_bytes(&orderbook, Vec::new()).await;
        for contract in
            [nobody.as_str(), "", "wasm1", "souk1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqn2r8x"]
        {
            self.smart(contract, &orderbook::QueryMsg::Config {}).await;
            let address = contract.to_owned();
            self.ask_wasm("ContractInfo", &QueryContractInfoRequest { address }).await;
            let request = QueryRawContractStateRequest {
                address: contract.to_owned(),
                query_data: b"config".to_vec(),
            };
            self.ask_wasm("RawContractState", &request).await;
        }
        for key in [&b"contract_info"[..], b"no such key", b""] {
            let request = QueryRawContractStateRequest {
                address: orderbook.clone(),
                query_data: key.to_vec(),
            };
            self.ask_wasm("RawContractState", &request).await;
        }
        let what = "query Account of nobody";
        for address in [nobody.clone(), String::new(), "wasm1x".to_owned()] {
            let request = QueryAccountRequest { address };
            self.ask(what, "/cosmos.auth.v1beta1.Query/Account", &request.encode_to_vec()).await;
        }
        for (address, denom) in [
            (nobody.as_str(), DENOM),
            (nobody.as_str(), "unothing"),
            ("", DENOM),
            ("wasm1x", DENOM),
            (nobody.as_str(), ""),
        ] {
            let request =
                QueryBalanceRequest { address: address.to_owned(), denom: denom.to_owned() };
            let what = format!("query Balance of {address:?} in {denom:?}");
            self.ask(&what, &format!("{BANK}/Balance"), &request.encode_to_vec()).await;
        }
        for denom in ["unothing", ""] {
            let request = QuerySupplyOfRequest { denom: denom.to_owned() };
            let what = format!("query SupplyOf {denom:?}");
            self.ask(&what, &format!("{BANK}/SupplyOf"), &request.encode_to_vec()).await;
        }
        for path in ["", "/nothing", "/cosmwasm.wasm.v1.Query/Nothing", "store"] {
            self.ask(&format!("query path {path:?}"), path, &[]).await;
        }
        let garbage = [0xff; 9];
        for method in ["SmartContractState", "ContractInfo", "RawContractState"] {
            let what = format!("query {method} of bytes that are no request");
            self.ask(&what, &format!("{WASM}/{method}"), &garbage).await;
        }
    }
}
