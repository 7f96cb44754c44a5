//! CometBFT client, block follower and transaction pipeline; knows nothing of markets
