//! What the tests across crates share: the SDL corpus and hand-written providers, and a real
//! chain.

pub mod corpus;
pub mod profiles;
pub mod tools;
pub mod wasmd;
