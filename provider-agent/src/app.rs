//! Starts the agent's tasks as a group: one that stops stops all.
