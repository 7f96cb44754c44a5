//! Prices, groups and deployments in few words.

use super::*;

pub fn price(units: u128) -> Price {
    Price::new(units).unwrap()
}

pub fn amount(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

pub fn tenant_choice() -> AuctionPolicy {
    AuctionPolicy::TenantChoice {}
}

pub fn lowest_price(closes_after: u64) -> AuctionPolicy {
    AuctionPolicy::LowestPrice { closes_after }
}

pub fn eu() -> Attribute {
    Attribute::new("region", "eu")
}

/// A small group in Europe.
pub fn group(name: &str, ceiling: u128) -> GroupSpec {
    let storage = Volume { name: "default".into(), size: 512 << 20, attributes: Vec::new() };
    let resources = Resources {
        cpu_milli: 500,
        cpu_attributes: Vec::new(),
        memory: 512 << 20,
        gpu: None,
        storage: vec![storage],
        endpoints: Vec::new(),
    };
    GroupSpec {
        name: name.into(),
        requirements: Requirements { signed_by: SignedBy::default(), attributes: vec![eu()] },
        units: vec![GroupUnit { id: 1, resources, count: 1 }],
        ceiling: price(ceiling),
    }
}

pub fn deployment(groups: &[GroupSpec], auction: AuctionPolicy) -> NewDeployment {
    NewDeployment {
        commitment: HexBinary::from([7; 32]),
        groups: groups.to_vec(),
        auction,
        delegate: None,
        delegate_limit: None,
        allow: Vec::new(),
        refuse: Vec::new(),
        reclamation: None,
        absence: None,
    }
}

pub fn usouk() -> Denom {
    Denom::native(DENOM)
}
