//! The take rate's way to pool, stakers and burn
