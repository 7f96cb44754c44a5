//! An in-memory Kubernetes API as an HTTP server, for the demo and fast tests
