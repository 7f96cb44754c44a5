//! Events travel to the chain and back without loss, and their form on the wire is fixed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use cosmwasm_std::{Attribute, Event};
use proptest::prelude::*;
use souk_api::{
    admin::{self, AdminEvent},
    event::{CONTRACT_ADDRESS, EventError, WASM_PREFIX},
    orderbook::GroupState,
};
use souk_core::{
    AccountId, Amount, AuctionPolicy, BidId, CloseReason, Denom, DeploymentId, GroupSeq, OrderId,
    Price, Rate, time::WEEK,
};

const CONTRACT: &str = "souk1contract";

/// A field's type: one value for the golden file, and all values.
trait Field: std::fmt::Debug + Clone + 'static {
    fn sample() -> Self;
    fn any() -> BoxedStrategy<Self>;
}

macro_rules! fields {
    ($($type:ty: $sample:expr, $any:expr;)*) => {$(
        impl Field for $type {
            fn sample() -> Self { $sample }
            fn any() -> BoxedStrategy<Self> { $any.boxed() }
        }
    )*};
}

fields! {
    u32: 32, any::<u32>();
    u64: 64, any::<u64>();
    u128: 128, any::<u128>();
    bool: true, any::<bool>();
    String: "text".into(), any::<String>();
    AccountId: AccountId(7), any::<u64>().prop_map(AccountId);
    BidId: BidId(8), any::<u64>().prop_map(BidId);
    DeploymentId: DeploymentId(9), any::<u64>().prop_map(DeploymentId);
    OrderId: OrderId(10), any::<u64>().prop_map(OrderId);
    GroupSeq: GroupSeq(1), any::<u32>().prop_map(GroupSeq);
    Amount: Amount::new(1_000).unwrap(), (0..=1u128 << 112).prop_map(|n| Amount::new(n).unwrap());
    Price: Price::new(2_000).unwrap(), (1..=1u128 << 96).prop_map(|n| Price::new(n).unwrap());
    Rate: Rate::new(3_000).unwrap(), (0..=1u128 << 104).prop_map(|n| Rate::new(n).unwrap());
    Denom: Denom::native("usouk"), prop_oneof![
        "[a-zA-Z][a-zA-Z0-9/._-]{2,40}".prop_map(Denom::Native),
        "souk1[a-z0-9]{38}".prop_map(Denom::Cw20),
    ];
    CloseReason: CloseReason::ManifestTimeout, prop::sample::select(CloseReason::ALL.to_vec());
    GroupState: GroupState::InsufficientFunds, prop::sample::select(vec![
        GroupState::Open, GroupState::Paused, GroupState::InsufficientFunds, GroupState::Closed,
    ]);
    AuctionPolicy: AuctionPolicy::LowestPrice { closes_after: 60 }, prop_oneof![
        Just(AuctionPolicy::TenantChoice {}),
        (0..=WEEK).prop_map(|closes_after| AuctionPolicy::LowestPrice { closes_after }),
    ];
}

impl<T: Field> Field for Option<T> {
    fn sample() -> Self {
        Some(T::sample())
    }
    fn any() -> BoxedStrategy<Self> {
        prop::option::of(T::any()).boxed()
    }
}

/// The event as the chain publishes it.
fn on_chain(event: &Event) -> (String, Vec<Attribute>) {
    let mut attributes = vec![Attribute { key: CONTRACT_ADDRESS.into(), value: CONTRACT.into() }];
    attributes.extend(event.attributes.iter().cloned());
    attributes.push(Attribute { key: "msg_index".into(), value: "0".into() });
    (format!("{WASM_PREFIX}{}", event.ty), attributes)
}

/// All events by name and field. A name that is missing here fails to compile: the match
/// over the enum has no wildcard.
macro_rules! every_event {
    ($($module:ident $enum:ident { $($name:ident { $($field:ident),* })* })*) => {
        fn samples() -> Vec<Event> {
            let mut all: Vec<Event> =
                vec![$($(souk_api::$module::events::$name { $($field: Field::sample()),* }.into(),)*)*];
            // Those of the administration, under the name of each contract.
            $(all.extend(admin_samples().map(|event| souk_api::$module::$enum::Admin(event).into()));)*
            all
        }

        $(mod $module {
            use super::*;
            use souk_api::$module::{$enum, events};

            fn any_event() -> impl Strategy<Value = $enum> {
                prop::strategy::Union::new([
                    any_admin_event().prop_map($enum::from).boxed(),
                    $(
                        ($(field_named(stringify!($field)),)*)
                            .prop_map(|($($field,)*)| $enum::from(events::$name { $($field),* }))
                            .boxed()
                    ),*
                ])
            }

            fn write(event: $enum) -> Event {
                match event {
                    $($enum::$name(event) => event.into(),)*
                    $enum::Admin(_) => event.into(),
                }
            }

            proptest! {
                #[test]
                fn every_event_is_read_back_as_it_was_written(event in any_event()) {
                    let (ty, attributes) = on_chain(&write(event.clone()));
                    prop_assert_eq!($enum::from_chain(&ty, &attributes, CONTRACT), Some(Ok(event)));
                }

                #[test]
                fn an_event_without_a_field_that_it_needs_is_an_error_and_no_other_event(
                    event in any_event(), at in any::<prop::sample::Index>(),
                ) {
                    let mut written = write(event.clone());
                    let removed = written.attributes.remove(at.index(written.attributes.len()));
                    match $enum::parse(&written.ty, &written.attributes) {
                        Err(EventError::Attribute { attribute, found: None, .. }) => {
                            prop_assert_eq!(attribute, removed.key);
                        }
                        Err(error) => prop_assert!(false, "{error}"),
                        // An optional field that is not there is none.
                        Ok(read) => prop_assert_ne!(read, event),
                    }
                }
            }
        })*
    };
}

/// All administrative events by name and field; a name that is missing fails to compile.
macro_rules! every_admin_event {
    ($($name:ident { $($field:ident),* })*) => {
        fn admin_samples() -> impl Iterator<Item = AdminEvent> {
            [$(AdminEvent::from(admin::$name { $($field: Field::sample()),* })),*].into_iter()
        }

        fn any_admin_event() -> impl Strategy<Value = AdminEvent> {
            prop::strategy::Union::new([$(
                ($(field_named(stringify!($field)),)*)
                    .prop_map(|($($field,)*)| AdminEvent::from(admin::$name { $($field),* }))
                    .boxed()
            ),*])
        }

        const _: fn(&AdminEvent) = |event| match event { $(AdminEvent::$name(_) => {}),* };
    };
}

every_admin_event! {
    Paused { by, until }
    Unpaused { by }
    ConfigUpdated { by }
    OwnershipTransferProposed { owner, pending_owner, expires_at, expires_at_height }
    OwnershipTransferAccepted { owner }
    OwnershipRenounced { owner }
    Migrated { from, to }
}

fn field_named<T: Field>(_name: &str) -> BoxedStrategy<T> {
    T::any()
}

every_event! {
    registry RegistryEvent {
        Registered { provider, operator, bond }
        Updated { provider }
        BondChanged { provider, bond, unbonding }
        UnbondedClaimed { provider, amount }
        Deregistered { provider }
        ChangeNoticed { provider, what, from }
        SlashNoticed { provider, amount, executable_at, lapses_at, reason }
        NoticeWithdrawn { provider, amount }
        Slashed { provider, amount, recipient, reason }
    }
    attestations AttestationEvent {
        Attested { auditor, provider, count, expires_at }
        Revoked { auditor, provider, count }
        ProfileSet { auditor }
    }
    escrow EscrowEvent {
        AccountChanged { account, remaining, rate, reserved, anchor, depletion, depleted, closed }
        AccountOpened { account, tenant, denom, amount }
        Deposited { account, depositor, deposit, amount, restarted }
        DepositWithdrawn { account, amount }
        StreamOpened { account, stream, payee, rate }
        StreamClosed { account, stream, earned }
        Withdrawn { account, stream, payee, amount, fee, denom }
        Refunded { account, deposit, to, amount, denom }
        FeesSwept { denom, amount, collector }
    }
    fees FeeEvent {
        Distributed { denom, pool, stakers, burn }
        PoolPaid { denom, pool, amount }
        Burned { denom, amount }
        Staked { staker, amount, stake }
        Unstaked { staker, amount, claimable_at }
        UnstakedClaimed { staker, amount }
        RewardsClaimed { staker, denom, amount }
    }
    orderbook OrderbookEvent {
        DeploymentCreated { deployment, tenant, commitment, groups, denom }
        DeploymentUpdated { deployment, commitment }
        ListsSet { deployment, allow, refuse }
        DeploymentMarked { deployment, depleted_since, endable_at }
        DeploymentClosed { deployment, reason }
        DelegateSet { deployment, delegate, limit }
        AnyoneStartsSet { deployment, on }
        GroupChanged { deployment, group, state }
        OrderOpened {
            order, deployment, group, tenant, ceiling, denom, auction, expires_at, closes_at
        }
        OrderClosed { order, deployment, group, why }
        BidPlaced { order, bid, provider, price }
        BidRefused { order, provider, price, why, stands_at }
        BidLowered { order, bid, provider, price }
        BidWithdrawn { order, bid, provider }
        BidDisqualified { order, bid, provider, why }
        BidsReleased { provider, count }
        AuctionExtended { order, closes_at, closes_at_block }
        LeaseCreated { order, deployment, group, tenant, provider, price, denom, nonce, offer }
        LeaseClosed { order, deployment, group, provider, reason, breach, excluded, notice, paid_until }
        ProviderSeen { provider, at }
        LeaseReclaiming {
            order, deployment, group, provider, reason, started_at, deadline, deadline_block
        }
        ExcludedSet { deployment, group, providers }
        OrderPruned { order }
    }
}

#[test]
fn the_form_of_every_event_on_the_wire_is_the_committed_one() {
    let lines = samples().into_iter().map(|event| {
        let attributes = event.attributes.iter().map(|a| format!(" {}={}", a.key, a.value));
        format!("{}{}\n", event.ty, attributes.collect::<String>())
    });
    let fresh: String = lines.collect();
    let committed = include_str!("events.golden.txt");
    assert!(fresh == committed, "readers of the chain depend on this form; now it is:\n{fresh}");
}

#[test]
fn cometbft_can_search_every_type_and_the_sdk_forges_no_key() {
    for event in samples() {
        let letters = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(letters(&event.ty) && event.ty.starts_with("souk_"), "{}", event.ty);
        for attribute in &event.attributes {
            assert!(letters(&attribute.key) && !attribute.key.starts_with('_'), "{attribute:?}");
            assert_ne!(attribute.key, "msg_index");
        }
    }
}

#[test]
fn no_two_events_share_a_type() {
    let mut types: Vec<_> = samples().into_iter().map(|event| event.ty).collect();
    let all = types.len();
    types.sort();
    types.dedup();
    assert_eq!(types.len(), all);
}
