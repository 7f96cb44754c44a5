//! An embedded chain: native contract code behind the CometBFT RPC
