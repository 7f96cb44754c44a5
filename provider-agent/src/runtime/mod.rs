//! The program: its tasks, command line, metrics, and what sets it up.

pub mod app;
pub mod backup;
pub mod check;
pub mod cli;
pub mod descriptors;
pub mod lock;
pub mod metrics;
pub mod reach;
pub mod setup;
