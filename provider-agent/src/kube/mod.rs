//! What a lease looks like in Kubernetes: its objects, and the caches that watch them.
