//! Scalars as YAML writes them: a text may look like a number, a size is either.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

macro_rules! scalar {
    ($(#[$doc:meta])* $name:ident, $schema:tt) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

scalar! {
    /// Any scalar; its text counts.
    Text, { "type": ["string", "number", "boolean"] }
}
scalar! {
    /// A whole number up to 2^32 - 1.
    Number, { "type": "number", "minimum": 0, "exclusiveMaximum": 4_294_967_296_u64 }
}
scalar! {
    /// A port.
    Port, { "type": "number", "minimum": 1, "exclusiveMaximum": 65_536 }
}
scalar! {
    /// True or false, also as YAML 1.1 writes it.
    Bool, {
        "anyOf": [
            { "type": "boolean" },
            { "enum": ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON",
                       "n", "N", "no", "No", "NO", "off", "Off", "OFF"] }
        ]
    }
}
scalar! {
    /// A number of bytes with a suffix.
    Size, {
        "anyOf": [
            { "type": "number", "minimum": 0 },
            { "type": "string", "pattern": "^[+]?[0-9_.]*([eE][-+]?[0-9]+|[xX][0-9a-fA-F.]+[pP][-+]?[0-9]+)?(k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?$" }
        ]
    }
}
scalar! {
    /// Cores, or thousandths with `m`.
    Cpu, {
        "anyOf": [
            { "type": "number", "minimum": 0 },
            { "type": "string", "pattern": "^([0-9]+m|[+]?[0-9_.]+([eE][-+]?[0-9]+)?|0[xX][0-9a-fA-F.]+[pP][-+]?[0-9]+)$" }
        ]
    }
}
scalar! {
    /// A decimal above zero.
    Amount, {
        "anyOf": [
            { "type": "number", "exclusiveMinimum": 0 },
            { "type": "string", "pattern": "^[+]?[0-9]+([.][0-9]{1,18})?$" }
        ]
    }
}
scalar! {
    /// A version.
    Version, { "type": ["string", "number"], "examples": ["2.0", "2.1"] }
}
scalar! {
    /// A duration.
    Duration, { "type": "string", "pattern": "^[+]?([0-9]*[.]?[0-9]*(ns|us|µs|μs|ms|s|m|h))+$" }
}
scalar! {
    /// A storage class.
    Class, { "enum": ["default", "beta1", "beta2", "beta3", "ram"] }
}
scalar! {
    /// Whether a volume is persistent, in lower case.
    Persistent, { "enum": [true, false, "true", "false", "on", "off", "yes", "no"] }
}
scalar! {
    /// When another replica is tried.
    NextCase, {
        "enum": ["error", "timeout", "off", "403", "404", "429", "500", "502", "503", "504",
                 403, 404, 429, 500, 502, 503, 504]
    }
}
scalar! {
    /// A transport protocol, in any case.
    Proto, { "type": "string", "pattern": "^([tT][cC][pP]|[uU][dD][pP])?$" }
}
scalar! {
    /// A host name.
    Host, { "type": "string", "format": "hostname" }
}
