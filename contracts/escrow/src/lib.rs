//! Accounts that pay by the second, exactly
