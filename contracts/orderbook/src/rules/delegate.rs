//! How much a deployment may cost by what its delegate sends. Pure.
//!
//! A delegate has a key that lies on a machine, for everyday actions. It may end what its tenant pays for; what
//! makes the tenant pay stays within the limit that the tenant set, whoever wins the lease.

use souk_core::Rate;

use crate::DelegateError;

/// Checks a limit that a tenant sets.
///
/// # Errors
/// If there is no delegate for it.
pub fn check_set(has_delegate: bool, limit: Option<Rate>) -> Result<(), DelegateError> {
    match limit {
        Some(limit) if !has_delegate => Err(DelegateError::LimitWithoutDelegate(limit)),
        _ => Ok(()),
    }
}

/// Checks what all leases of the deployment would cost, or could come to cost, after the delegate's message,
/// in base units an hour.
///
/// # Errors
/// If that is above the limit, or if there is none.
pub fn check(limit: Option<Rate>, after: u128) -> Result<(), DelegateError> {
    match limit {
        None => Err(DelegateError::WithoutLimit),
        Some(limit) if after > limit.u128() => Err(DelegateError::AboveLimit { after, limit }),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use souk_core::amount::AmountError;

    use super::*;

    #[test]
    fn up_to_the_limit_a_delegate_may_and_without_one_it_may_not() -> Result<(), AmountError> {
        let limit = Some(Rate::new(100)?);
        for (limit, after, fine) in [
            (limit, 0, true),
            (limit, 100, true),
            (limit, 101, false),
            (limit, u128::MAX, false),
            (None, 0, false),
            (Some(Rate::ZERO), 0, true),
            (Some(Rate::ZERO), 1, false),
        ] {
            assert_eq!(check(limit, after).is_ok(), fine, "{after} within {limit:?}");
        }
        Ok(())
    }

    #[test]
    fn a_limit_is_some_delegates() {
        assert!(check_set(false, Some(Rate::MAX)).is_err());
        for (has_delegate, limit) in [(true, Some(Rate::MAX)), (true, None), (false, None)] {
            assert_eq!(check_set(has_delegate, limit), Ok(()));
        }
    }
}
