//! Tries whether network policies are enforced: a pod of another namespace reaches the server, then a
//! policy denies it.

use std::time::Duration;

use super::{
    objects::{CLIENT, Probe},
    place::Place,
    pods::log_line,
    read,
};
use crate::runtime::check::Report;

const WHAT: &str = "network policies";
/// For the client to start and to reach the server.
const OPENING: Duration = Duration::from_secs(60);
/// For a policy to take effect.
const CLOSING: Duration = Duration::from_secs(30);

/// Leaves the policy in place.
pub(super) async fn check(
    probe: &Probe<'_>,
    place: &Place,
    address: &str,
    report: &mut Report,
) -> Result<(), String> {
    place.apply(&probe.client(address)).await?;
    let last_open = |log: &str| {
        let attempts = read::attempts(log);
        attempts.iter().rev().find(|(_, open)| *open).map(|(number, _)| *number)
    };
    let opened = log_line(place, CLIENT, OPENING, last_open).await?;
    place.apply(&probe.policy()).await?;
    let Some(number) = opened else {
        report.warn(
            WHAT,
            "it cannot be seen whether they are enforced: a pod does not reach one of another namespace \
             even where none denies it",
            "see whether policies of the whole cluster do; then tenants are kept apart anyway",
        );
        return Ok(());
    };
    let closed = |log: &str| read::is_closed_after(&read::attempts(log), number).then_some(());
    match log_line(place, CLIENT, CLOSING, closed).await? {
        Some(()) => report.ok(WHAT, "enforced: a pod of another namespace is denied"),
        None => report.fail(
            WHAT,
            "not enforced: a pod of another namespace still connects where a policy denies it, so tenants \
             reach each other, the cluster and the nodes' networks",
            "use a network plugin that enforces them, such as Calico or Cilium",
        ),
    }
    Ok(())
}
