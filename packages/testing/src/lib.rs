//! Builders that put up a whole market in a test
