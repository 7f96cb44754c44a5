//! What the tests across crates share: the SDL corpus and hand-written providers.

pub mod corpus;
pub mod profiles;
