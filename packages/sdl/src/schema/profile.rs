//! `profiles`.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::scalar::{Amount, Class, Cpu, Persistent, Size, Text};

/// What services need, and where they may run at what price.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
pub(super) struct Profiles {
    /// What one replica needs, by name.
    compute: BTreeMap<String, Option<Compute>>,
    /// Where services may run at what price, by name.
    placement: BTreeMap<String, Option<Placement>>,
}

/// A compute profile.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Compute {
    /// What one replica needs.
    resources: Option<Resources>,
}

/// What one replica needs.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Resources {
    /// Processor time.
    cpu: CpuNeeds,
    /// Working memory.
    memory: Memory,
    /// One volume or a list of them.
    storage: Option<Storage>,
    /// Graphics cards.
    gpu: Option<Gpu>,
}

/// Processor time.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct CpuNeeds {
    /// Cores such as 0.5, or thousandths such as `500m`; 10m to 384.
    units: Cpu,
    /// What the processor must be.
    attributes: Option<CpuAttributes>,
}

/// What a processor must be.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct CpuAttributes {
    /// The architecture, such as `amd64` or `arm64`.
    arch: Option<Text>,
}

/// Working memory.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Memory {
    /// Bytes with a suffix such as `512Mi`; 1Mi to 2Ti.
    size: Size,
}

/// One volume, or a list of them.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, clippy::large_enum_variant)]
enum Storage {
    /// The container's own file system.
    One(Volume),
    /// Several, each with a name.
    List(Vec<Volume>),
}

/// A volume.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Volume {
    /// Its name; `default` if there is none.
    name: Option<Text>,
    /// Bytes with a suffix such as `10Gi`; 5Mi to 32Ti.
    size: Size,
    /// Whether it outlives the container, and how fast it is.
    attributes: Option<VolumeAttributes>,
}

/// What a volume is like.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct VolumeAttributes {
    /// Whether it outlives the container; then it needs a mount in the service's `params`.
    persistent: Option<Persistent>,
    /// How fast it is: default, beta1, beta2, beta3 (persistent), or ram (not persistent).
    class: Option<Class>,
}

/// Graphics cards.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Gpu {
    /// How many, at most 24.
    units: Option<GpuUnits>,
    /// Which ones.
    attributes: Option<GpuAttributes>,
}

/// A number of cards.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code)]
enum GpuUnits {
    /// As a number.
    Number(#[schemars(range(max = 24))] u8),
    /// As text.
    Text(#[schemars(regex(pattern = "^[0-9]+$"))] String),
}

/// Which cards.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct GpuAttributes {
    /// The vendor (`nvidia`, `amd`, `intel`) and its models, any one of which will do.
    vendor: BTreeMap<String, Option<Vec<Model>>>,
}

/// A model.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Model {
    /// Its name in lower case, such as `h100`.
    model: Text,
    /// Its memory in whole Gi, such as `80Gi`.
    ram: Option<Size>,
    /// How it is connected: pcie or sxm.
    interface: Option<Interface>,
}

/// How a card is connected.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(dead_code)]
enum Interface {
    Pcie,
    Sxm,
}

/// A placement profile.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code)]
struct Placement {
    /// What the provider's attributes must be; a key may end in `*`.
    attributes: Option<BTreeMap<String, Option<Text>>>,
    /// Auditors whose word counts.
    signed_by: Option<SignedBy>,
    /// The highest price of one replica, by compute profile.
    pricing: Option<BTreeMap<String, Price>>,
}

/// Auditors whose word counts.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code)]
struct SignedBy {
    /// Each of these addresses must attest the attributes.
    all_of: Option<Vec<Text>>,
    /// At least one of these addresses must.
    any_of: Option<Vec<Text>>,
}

/// A price.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Price {
    /// The denom, such as `uakt`, or an alias of `souk.denoms`.
    denom: Text,
    /// Base units a block, or as `souk.price` says.
    amount: Amount,
}
