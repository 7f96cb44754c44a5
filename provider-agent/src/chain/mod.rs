//! The agent's side of the chain: events into the store, actions out of it.
