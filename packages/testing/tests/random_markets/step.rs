//! What accounts may do next.

use proptest::prelude::*;

/// One message of somebody, or time. Indices are taken modulo what there is.
#[derive(Clone, Debug)]
pub enum Step {
    Deploy { tenant: usize, groups: usize, ceiling: u128, auction: Option<u64>, deposit: u128 },
    Bid { provider: usize, order: usize, price: u128 },
    Lower { provider: usize, order: usize, percent: u128 },
    WithdrawBid { provider: usize, order: usize },
    Accept { order: usize },
    CloseAuction { order: usize },
    TopUp { who: usize, deployment: usize, units: u128 },
    Withdraw { order: usize },
    WithdrawDeposit { deployment: usize, units: u128 },
    CloseLease { order: usize, exclude: bool },
    GiveUpLease { order: usize, reason: usize },
    StartReclaim { order: usize },
    EndReclaim { order: usize },
    SetExcluded { deployment: usize, count: usize },
    PauseGroup { deployment: usize, group: u32 },
    StartGroup { who: usize, deployment: usize, group: u32 },
    CloseGroup { deployment: usize, group: u32 },
    SetAnyoneStarts { deployment: usize, on: bool },
    SetLists { deployment: usize, refused: Option<usize> },
    SetDelegate { deployment: usize, limit: Option<u128> },
    AcceptByDelegate { order: usize },
    Close { deployment: usize },
    Refund { deployment: usize, deposit: Option<u32> },
    EndDeployment { deployment: usize },
    Expire { order: usize },
    Release { provider: usize },
    Bond { provider: usize, units: u128 },
    Unbond { provider: usize, units: u128 },
    ClaimUnbonded { provider: usize },
    Slash { provider: usize, units: u128 },
    Stake { who: usize, units: u128 },
    Unstake { who: usize, units: u128 },
    ClaimRewards { who: usize },
    PassFees,
    Pass { blocks: u64, seconds: u64 },
}

impl Step {
    /// Every kind, as [`Step::kind`] calls it.
    pub const KINDS: [&str; 35] = [
        "Deploy",
        "Bid",
        "Lower",
        "WithdrawBid",
        "Accept",
        "CloseAuction",
        "TopUp",
        "Withdraw",
        "WithdrawDeposit",
        "CloseLease",
        "GiveUpLease",
        "StartReclaim",
        "EndReclaim",
        "SetExcluded",
        "PauseGroup",
        "StartGroup",
        "CloseGroup",
        "SetAnyoneStarts",
        "SetLists",
        "SetDelegate",
        "AcceptByDelegate",
        "Close",
        "Refund",
        "EndDeployment",
        "Expire",
        "Release",
        "Bond",
        "Unbond",
        "ClaimUnbonded",
        "Slash",
        "Stake",
        "Unstake",
        "ClaimRewards",
        "PassFees",
        "Pass",
    ];

    /// Its name.
    pub fn kind(&self) -> &'static str {
        let text = format!("{self:?}");
        let name = text.split([' ', '{']).next().unwrap_or_default();
        Self::KINDS.into_iter().find(|kind| *kind == name).unwrap()
    }

    /// Any step; those that need others before them are the more likely.
    pub fn any() -> BoxedStrategy<Self> {
        // Mostly the latest: what is older is mostly over.
        let n = || prop_oneof![8 => 0usize..4, 1 => 0usize..64];
        let price = || prop_oneof![1u128..2_000, 1u128..900_000];
        let auction = || prop::option::of(30u64..400);
        let seconds = prop_oneof![
            6 => 0u64..120,
            3 => 0u64..7_200,
            2 => 0u64..200_000,
            1 => 0u64..3_000_000,
        ];
        prop_oneof![
            6 => (n(), 1usize..4, 1_000u128..900_000, auction(), 500_000u128..9_000_000).prop_map(
                |(tenant, groups, ceiling, auction, deposit)| Self::Deploy {
                    tenant, groups, ceiling, auction, deposit,
                }
            ),
            12 => (n(), n(), price()).prop_map(|(provider, order, price)| Self::Bid {
                provider, order, price,
            }),
            2 => (n(), n(), 1u128..120).prop_map(|(provider, order, percent)| Self::Lower {
                provider, order, percent,
            }),
            1 => (n(), n()).prop_map(|(provider, order)| Self::WithdrawBid { provider, order }),
            10 => n().prop_map(|order| Self::Accept { order }),
            8 => n().prop_map(|order| Self::CloseAuction { order }),
            4 => (n(), n(), 1u128..3_000_000).prop_map(|(who, deployment, units)| Self::TopUp {
                who, deployment, units,
            }),
            8 => n().prop_map(|order| Self::Withdraw { order }),
            3 => (n(), 1u128..3_000_000).prop_map(|(deployment, units)| Self::WithdrawDeposit {
                deployment, units,
            }),
            6 => (n(), any::<bool>()).prop_map(|(order, exclude)| Self::CloseLease {
                order, exclude,
            }),
            8 => (n(), 0usize..4).prop_map(|(order, reason)| Self::GiveUpLease { order, reason }),
            8 => n().prop_map(|order| Self::StartReclaim { order }),
            16 => n().prop_map(|order| Self::EndReclaim { order }),
            1 => (n(), 0usize..3).prop_map(|(deployment, count)| Self::SetExcluded {
                deployment, count,
            }),
            2 => (n(), 1u32..4).prop_map(|(deployment, group)| Self::PauseGroup {
                deployment, group,
            }),
            6 => (n(), n(), 1u32..4).prop_map(|(who, deployment, group)| Self::StartGroup {
                who, deployment, group,
            }),
            1 => (n(), 1u32..4).prop_map(|(deployment, group)| Self::CloseGroup {
                deployment, group,
            }),
            1 => (n(), any::<bool>()).prop_map(|(deployment, on)| Self::SetAnyoneStarts {
                deployment, on,
            }),
            1 => (n(), prop::option::of(n())).prop_map(|(deployment, refused)| Self::SetLists {
                deployment, refused,
            }),
            2 => (n(), prop::option::weighted(0.8, 1u128..3_000_000)).prop_map(|(deployment, limit)| {
                Self::SetDelegate { deployment, limit }
            }),
            4 => n().prop_map(|order| Self::AcceptByDelegate { order }),
            1 => n().prop_map(|deployment| Self::Close { deployment }),
            3 => (n(), prop::option::of(1u32..4)).prop_map(|(deployment, deposit)| Self::Refund {
                deployment, deposit,
            }),
            4 => n().prop_map(|deployment| Self::EndDeployment { deployment }),
            2 => n().prop_map(|order| Self::Expire { order }),
            6 => n().prop_map(|provider| Self::Release { provider }),
            2 => (n(), 1u128..3_000_000).prop_map(|(provider, units)| Self::Bond { provider, units }),
            2 => (n(), 1u128..9_000_000).prop_map(|(provider, units)| Self::Unbond {
                provider, units,
            }),
            2 => n().prop_map(|provider| Self::ClaimUnbonded { provider }),
            1 => (n(), 1u128..900_000).prop_map(|(provider, units)| Self::Slash { provider, units }),
            1 => (n(), 1u128..3_000_000).prop_map(|(who, units)| Self::Stake { who, units }),
            1 => (n(), 1u128..3_000_000).prop_map(|(who, units)| Self::Unstake { who, units }),
            1 => n().prop_map(|who| Self::ClaimRewards { who }),
            2 => Just(Self::PassFees),
            12 => (1u64..40, seconds).prop_map(|(blocks, seconds)| Self::Pass { blocks, seconds }),
        ]
        .boxed()
    }
}
