//! What a provider takes of a manifest at most. A file beyond it compiles, with a warning, since
//! Akash's parser takes it.

/// The most host names of one group.
pub const HOSTS: usize = 100;
/// The most entries of `expose` of one service, each target counted: those to other services are
/// free.
pub const EXPOSES: usize = 128;
/// The most environment variables of one service.
pub const VARIABLES: usize = 1_000;
/// The most bytes of a service's environment, names included: half of what a Kubernetes Secret holds,
/// since names are in the pod template too, and again in its managed fields.
pub const ENVIRONMENT: usize = 512 << 10;
