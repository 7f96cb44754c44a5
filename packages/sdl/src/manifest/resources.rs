//! What one replica of a service needs: CPU, memory, storage, GPU and endpoints.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::wire;

/// The needs of one replica. In the manifest and in the group the same numbers stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Number of the resource unit within its group, from 1.
    pub id: u32,
    /// Processor time.
    pub cpu: Cpu,
    /// Working memory.
    pub memory: Memory,
    /// Volumes, smallest first.
    pub storage: Vec<Storage>,
    /// Graphics cards; zero units when none are asked for.
    pub gpu: Gpu,
    /// How the service is reached from outside.
    pub endpoints: Vec<Endpoint>,
}

/// Processor time in thousandths of a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// Millicores.
    pub units: Value,
    /// `arch`, if asked for.
    #[serde(default, deserialize_with = "wire::not_zero", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
}

/// Working memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Bytes.
    pub size: Value,
    /// Always empty in SDL as it is today.
    #[serde(default, deserialize_with = "wire::not_zero", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
}

/// One volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The volume's name; `default` if the file gives none.
    pub name: String,
    /// Bytes.
    pub size: Value,
    /// `class` and `persistent`, if given.
    #[serde(default, deserialize_with = "wire::not_zero", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
}

impl Storage {
    /// The value of an attribute, if it is there and not empty.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|attribute| attribute.key == key)?;
        Some(found.value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether the volume outlives its container.
    pub fn is_persistent(&self) -> bool {
        self.attribute("persistent") == Some("true")
    }

    /// The storage class, if one is named.
    pub fn class(&self) -> Option<&str> {
        self.attribute("class")
    }
}

/// Graphics cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// Number of cards.
    pub units: Value,
    /// Keys such as `vendor/nvidia/model/h100/ram/80Gi`; any one of them will do.
    #[serde(default, deserialize_with = "wire::not_zero", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
}

/// A number that travels as a string in an object of its own: `{"val":"100"}`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The number.
    pub val: Quantity,
}

impl Value {
    /// The number itself.
    pub const fn get(self) -> u64 {
        self.val.0
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self { val: Quantity(value) }
    }
}

/// A whole number that JSON holds as a string of digits, since it may be above 2^53.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(pub u64);

/// A quantity that is not written as the digits of a whole number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a whole number in plain digits below 2^64")]
pub struct QuantityError(String);

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain =
            text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        let value = plain.then(|| text.parse().ok()).flatten();
        value.map(Self).ok_or_else(|| QuantityError(text.to_owned()))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// The key; left out of the JSON if it is empty.
    #[serde(
        default,
        deserialize_with = "wire::not_zero",
        skip_serializing_if = "String::is_empty"
    )]
    pub key: String,
    /// The value, likewise.
    #[serde(
        default,
        deserialize_with = "wire::not_zero",
        skip_serializing_if = "String::is_empty"
    )]
    pub value: String,
}

impl Attribute {
    /// A key and its value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

/// One way by which a service is reached from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its kind; the first kind is left out of the JSON.
    #[serde(default, deserialize_with = "wire::not_zero", skip_serializing_if = "wire::is_zero")]
    pub kind: EndpointKind,
    /// Number of the leased IP within the deployment, from 1; 0 for other kinds.
    pub sequence_number: u32,
}

/// The kinds of endpoint, as their numbers on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointKind {
    /// Port 80 over TCP: an ingress with host names (0).
    #[default]
    SharedHttp,
    /// Any other port: the provider picks the outer one (1).
    RandomPort,
    /// A public address of its own (2).
    LeasedIp,
}

impl EndpointKind {
    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::SharedHttp => 0,
            Self::RandomPort => 1,
            Self::LeasedIp => 2,
        }
    }
}

impl Serialize for EndpointKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for EndpointKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(Self::SharedHttp),
            1 => Ok(Self::RandomPort),
            2 => Ok(Self::LeasedIp),
            other => Err(D::Error::custom(format!(
                "endpoint kind {other} is unknown; 0, 1 and 2 are the kinds"
            ))),
        }
    }
}
