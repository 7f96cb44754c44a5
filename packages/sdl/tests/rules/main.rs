//! Each rule of SDL by examples of our own.
//!
//! What the tests expect is what Akash's parser does, unless the test's name says that
//! Souk does otherwise.
#![allow(clippy::unwrap_used)]

mod diagnostics;
mod documents;
mod endpoints;
mod expose;
mod gpu;
mod hash;
mod limits;
mod order;
mod placement;
mod providers;
mod schema;
mod sections;
mod services;
mod souk;
mod storage;
mod support;
mod templates;
mod versions;
mod warnings;
mod yaml;
