//! Resources, quantities, attributes and their matching, prices, ids and the escrow's clock: pure rules, no I/O
