//! Tests across crates: the whole path, faults, the corpus
