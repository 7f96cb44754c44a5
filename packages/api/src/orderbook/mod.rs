//! The orderbook: deployments, orders, bids and leases.

mod absence;
pub mod events;
mod limits;
mod msg;
mod query;
mod quote;
mod reclaim;
mod state;

pub use absence::{Absence, AbsenceResponse, Statement};
pub use events::OrderbookEvent;
pub use limits::{
    AFTER_PAUSE, EXTENSION, FIRST_MANIFEST_TIMEOUT, FIRST_SLOWEST_BLOCK, MANIFEST_WINDOW, MAX_BIDS,
    MAX_DISQUALIFIED, MAX_EXCLUDED, MAX_EXTENSIONS, MAX_LISTED, MAX_OFFER, MAX_ORDERS, MAX_ROUNDS,
    MAX_STARTS, MAX_UNWANTED, NOTICE_LAPSE, SLOWEST_BLOCK_RANGE, TIME_TO_BID, first_idle_grace,
    first_manifest_timeout, first_slowest_block,
};
pub use msg::{
    Cw20Hook, DenomConfig, ExecuteMsg, InstantiateMsg, MigrateMsg, NewBid, NewDeployment, Params,
};
pub use query::{
    BidResponse, BidsResponse, ConfigResponse, DeploymentResponse, DeploymentsResponse,
    EligibilityResponse, GroupResponse, LeaseResponse, LeasesResponse, MarkResponse, OrderResponse,
    OrdersResponse, ProviderStatsResponse, QueryMsg,
};
pub use quote::{LeaseTerms, Quote, QuotedFor};
pub use reclaim::{ReclaimResponse, Reclamation};
pub use state::{BidState, DeploymentState, GroupState, LeaseState, OrderState};
