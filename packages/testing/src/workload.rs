//! What a tenant deploys.

use cosmwasm_std::HexBinary;
use souk_api::orderbook::{Absence, NewDeployment, Reclamation};
use souk_core::{
    Attribute, AuctionPolicy, Gpu, GroupSpec, GroupUnit, Price, Requirements, Resources, SignedBy,
    Volume,
};

use crate::address;

const MI: u64 = 1 << 20;

/// A group of one unit: a core, 512 Mi of memory, 1 Gi of disk, for a SOUK an hour at most.
pub fn group(name: &str) -> Group {
    let volume = Volume { name: "default".into(), size: 1_024 * MI, attributes: Vec::new() };
    let resources = Resources {
        cpu_milli: 1_000,
        cpu_attributes: Vec::new(),
        memory: 512 * MI,
        gpu: None,
        storage: vec![volume],
        endpoints: Vec::new(),
    };
    Group(GroupSpec {
        name: name.into(),
        requirements: Requirements::default(),
        units: vec![GroupUnit { id: 1, resources, count: 1 }],
        ceiling: price(1_000_000),
    })
}

/// A group to run at one provider.
#[derive(Clone, Debug)]
pub struct Group(pub GroupSpec);

impl Group {
    /// GPUs of a model for each replica.
    pub fn gpu(self, model: &str, units: u32) -> Self {
        let key = format!("vendor/nvidia/model/{model}");
        let gpu = Gpu { units, attributes: vec![Attribute::new(key, "true")] };
        self.resources(|resources| resources.gpu = Some(gpu.clone()))
    }

    /// Replicas of each unit.
    pub fn replicas(mut self, count: u32) -> Self {
        self.0.units.iter_mut().for_each(|unit| unit.count = count);
        self
    }

    /// The most that it may cost, in base units an hour.
    pub fn ceiling(mut self, units: u128) -> Self {
        self.0.ceiling = price(units);
        self
    }

    /// The provider must have an attribute.
    pub fn requires(mut self, key: &str, value: &str) -> Self {
        self.0.requirements.attributes.push(Attribute::new(key, value));
        self
    }

    /// An auditor must have signed what is required.
    pub fn signed_by(mut self, auditor: &str) -> Self {
        self.0.requirements.signed_by.all_of.push(address(auditor).into());
        self
    }

    /// One of these auditors must have signed what is required.
    pub fn signed_by_any(mut self, auditors: &[&str]) -> Self {
        let any_of = auditors.iter().map(|name| address(name).into()).collect();
        self.0.requirements.signed_by = SignedBy { any_of, ..self.0.requirements.signed_by };
        self
    }

    /// Changes the resources of each unit.
    pub fn resources(mut self, change: impl Fn(&mut Resources)) -> Self {
        self.0.units.iter_mut().for_each(|unit| change(&mut unit.resources));
        self
    }

    /// The group and another, one deployment.
    pub fn and(self, other: Self) -> Workload {
        Workload::from(self).and(other)
    }

    /// Alone in a deployment whose auctions go to the lowest bid after `closes_after` seconds.
    pub fn lowest_price(self, closes_after: u64) -> Workload {
        Workload::from(self).lowest_price(closes_after)
    }
}

/// A deployment to create. The tenant chooses among the bids unless it is an auction.
#[derive(Clone, Debug)]
pub struct Workload {
    groups: Vec<GroupSpec>,
    auction: AuctionPolicy,
    commitment: [u8; 32],
    delegate: Option<String>,
    allow: Vec<String>,
    refuse: Vec<String>,
    reclamation: Option<Reclamation>,
    absence: Option<Absence>,
}

impl From<Group> for Workload {
    fn from(group: Group) -> Self {
        Self {
            groups: vec![group.0],
            auction: AuctionPolicy::TenantChoice {},
            commitment: [7; 32],
            delegate: None,
            allow: Vec::new(),
            refuse: Vec::new(),
            reclamation: None,
            absence: None,
        }
    }
}

impl Workload {
    /// One more group.
    pub fn and(mut self, group: Group) -> Self {
        self.groups.push(group.0);
        self
    }

    /// The lowest bid wins after `closes_after` seconds.
    pub fn lowest_price(mut self, closes_after: u64) -> Self {
        self.auction = AuctionPolicy::LowestPrice { closes_after };
        self
    }

    /// What the manifest must hash to.
    pub fn commitment(mut self, commitment: [u8; 32]) -> Self {
        self.commitment = commitment;
        self
    }

    /// A key for everyday actions.
    pub fn delegate(mut self, name: &str) -> Self {
        self.delegate = Some(address(name).into());
        self
    }

    /// Only these providers may bid.
    pub fn allow(mut self, providers: &[&str]) -> Self {
        self.allow = providers.iter().map(|name| address(name).into()).collect();
        self
    }

    /// These providers may not bid.
    pub fn refuse(mut self, providers: &[&str]) -> Self {
        self.refuse = providers.iter().map(|name| address(name).into()).collect();
        self
    }

    /// Providers may take its leases back with this notice, in seconds, or a longer one.
    pub fn reclaimable(mut self, min_window: u64) -> Self {
        self.reclamation = Some(Reclamation { min_window });
        self
    }

    /// What holds when its providers are not seen any more.
    pub fn absence(mut self, absence: Absence) -> Self {
        self.absence = Some(absence);
        self
    }

    /// As the orderbook gets it.
    pub fn message(&self) -> NewDeployment {
        NewDeployment {
            commitment: HexBinary::from(self.commitment),
            groups: self.groups.clone(),
            auction: self.auction,
            delegate: self.delegate.clone(),
            delegate_limit: None,
            allow: self.allow.clone(),
            refuse: self.refuse.clone(),
            reclamation: self.reclamation,
            absence: self.absence,
        }
    }
}

fn price(units: u128) -> Price {
    Price::new(units).unwrap_or_else(|error| panic!("{error}"))
}
