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
use souk_client::market::{self, Attestations, Escrow, FeeDistributor, Orderbook, Registry};
use souk_core::{AccountId, DeploymentId, OrderId};
use souk_devchain::proxy::Query;

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

    /// Asks a contract what it does not understand.
    async fn ask_nonsense(&mut self, contract: &str, query_data: &[u8]) {
        let what = format!("query {} of {contract}", String::from_utf8_lossy(query_data));
        let query_data = query_data.to_vec();
        let request = QuerySmartContractStateRequest { address: contract.to_owned(), query_data };
        let path = format!("{WASM}/SmartContractState");
        self.ask(&what, &path, &request.encode_to_vec()).await;
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

    /// Asks the contracts about what there is and about what there is not: all that souk-client asks.
    pub async fn compare_answers(&mut self, contracts: &Contracts, deployment: u64, order: u64) {
        for question in self.questions(contracts, deployment, order).await {
            let what = format!("query {}", String::from_utf8_lossy(&question.data));
            self.ask(&what, &question.path, &question.data).await;
        }
    }

    /// What souk-client sends for these questions. Its answers do not matter here, nor whether there
    /// are any: both chains' raw answers are compared.
    async fn questions(&self, contracts: &Contracts, deployment: u64, order: u64) -> Vec<Query> {
        let (recorder, client) = self.recorded().await;
        let queries = client.query();
        let provider = address(Who::Cheap);
        let orderbook = Orderbook::new(queries.clone(), &contracts.orderbook);
        for deployment in [deployment, u64::MAX].map(DeploymentId) {
            let _ = orderbook.deployment(deployment).await;
        }
        for order in [order, 9_999_999].map(OrderId) {
            let _ = orderbook.order(order).await;
            let _ = orderbook.lease(order).await;
            let _ = orderbook.bids(order).await;
            let _ = orderbook.lowest_bid(order).await;
            let _ = orderbook.bid(order, &provider).await;
            let _ = orderbook.eligible(order, &provider).await;
            let _ = orderbook.lease_of(order, &provider).await;
        }
        let _ = orderbook.config().await;
        let _ = orderbook.leases(&provider).await;
        let _ = orderbook.provider_stats(&provider).await;
        let _ = orderbook.provider_stats_record(&provider).await;
        let _ = orderbook.orders_after(None).await;
        let escrow = Escrow::new(queries.clone(), &contracts.escrow);
        for account in [deployment, 9_999_999].map(AccountId) {
            let _ = escrow.account(account).await;
            let _ = escrow.streams(account).await;
            let _ = escrow.deposits(account).await;
            let _ = escrow.stream(account, order).await;
        }
        let _ = escrow.totals(&native()).await;
        let registry = Registry::new(queries.clone(), &contracts.registry);
        for provider in [provider.as_str(), "no address"] {
            let _ = registry.provider(provider).await;
            let _ = registry.provider_record(provider).await;
        }
        let _ = registry.providers().await;
        let attestations = Attestations::new(queries.clone(), &contracts.attestations);
        let _ = attestations.of_provider(&provider).await;
        let _ = attestations.record(&address(Who::Auditor), &provider).await;
        let fees = FeeDistributor::new(queries.clone(), &contracts.fees);
        for staker in [Who::Staker, Who::Nobody].map(address) {
            let _ = fees.staker(&staker).await;
        }
        let _ = fees.stakers().await;
        let _ = fees.denom(&native()).await;
        for contract in contracts.all() {
            let _ = market::ownership(&queries, contract).await;
            let _ = market::config(&queries, contract).await;
            let _ = market::identity(&queries, contract).await;
        }
        let asked = recorder.queries();
        assert!(asked.len() > 40, "only {} questions were recorded", asked.len());
        asked
    }

    /// Questions that make no sense, and about things that are not there.
    pub async fn compare_bad_questions(&mut self, contracts: &Contracts) {
        let (orderbook, nobody) = (contracts.orderbook.clone(), address(Who::Nobody));
        let no_question = br#"{"no_such_question":{}}"#;
        let no_order = br#"{"order":{"order":"seven"}}"#;
        for nonsense in [&no_question[..], no_order, b"{ not json", b""] {
            self.ask_nonsense(&orderbook, nonsense).await;
        }
        for contract in
            [nobody.as_str(), "", "wasm1", "souk1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqn2r8x"]
        {
            self.ask_nonsense(contract, br#"{"config":{}}"#).await;
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
