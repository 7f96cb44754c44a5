//! What the tests across crates share: the SDL corpus, hand-written providers, a real chain and a
//! real cluster.

pub mod corpus;
pub mod kubernetes;
pub mod profiles;
pub mod tools;
pub mod wait;
pub mod wasmd;
