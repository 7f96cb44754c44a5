//! Takes the lock, renews it, and lets it go.

use std::time::Instant;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Client;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    COURTESY, DOUBT, DURATION, GRACE, Holder, LockLost, LockState, RENEWAL, RETRY, TIMEOUT,
    object::{Content, Failure, Object, Seen, Written, now},
};
use crate::{cluster::kube::fence::Fence, model::scope::MarketScope};

/// Writes without an answer that are remembered; each took a second at least.
const UNANSWERED: usize = 32;

/// Who holds the lock after an attempt.
enum Attempt {
    /// This process, since a request that was sent then. It may act if the lock is proven.
    Mine { asked: Instant, proven: bool },
    /// Another process.
    Other(String),
    /// Another process that has this one's name.
    Clone(String),
    /// Nobody as far as is known; it shows next time.
    Again(&'static str),
}

/// The lock of a provider in a market.
pub struct Lock {
    object: Object,
    holder: Holder,
    fence: Fence,
    state: watch::Sender<LockState>,
    /// The version that this process wrote last, if nothing is known that came after it.
    version: Option<String>,
    /// The times in what this process wrote: one that is there, and those whose answers did not come.
    written: Vec<MicroTime>,
    acquired: Option<MicroTime>,
    /// When the request was sent by which this process held it last.
    confirmed: Option<Instant>,
    /// Since when it is held without anybody having been asked: it must be kept for a while first.
    unproven: Option<Instant>,
    /// Another's lock as it was last seen: its version, and since when.
    seen: Option<(String, Instant)>,
    /// Since when there is no lock where there was another's.
    gone: Option<Instant>,
    /// Whether this agent ever acted.
    acted: bool,
    /// Whether the API server ever said who holds it.
    answered: bool,
}

impl Lock {
    /// The lock, not held yet. The fence is open exactly while it is held.
    pub fn new(
        client: Client,
        scope: MarketScope,
        holder: Holder,
        fence: Fence,
        state: watch::Sender<LockState>,
    ) -> Self {
        Self {
            object: Object::new(client, scope),
            holder,
            fence,
            state,
            version: None,
            written: Vec::new(),
            acquired: None,
            confirmed: None,
            unproven: None,
            seen: None,
            gone: None,
            acted: false,
            answered: false,
        }
    }

    /// Takes the lock as soon as it is free and holds it until `let_go`, when another can take it at once.
    /// A task that is dropped leaves it until it is over.
    ///
    /// # Errors
    ///
    /// If another process has it after this one acted.
    pub async fn keep(mut self, let_go: CancellationToken) -> Result<(), LockLost> {
        loop {
            let begun = Instant::now();
            let attempt = self.attempt().await;
            self.answered |= attempt.is_ok();
            let pause = match attempt {
                Ok(Attempt::Mine { asked, proven: true }) => {
                    self.held(asked);
                    // Counted from the request, so that a slow answer is not added to it.
                    RENEWAL.saturating_sub(begun.elapsed())
                }
                Ok(Attempt::Mine { proven: false, .. }) => {
                    self.not_held("the lock was not there and was made just now; this agent acts once another that may have held it has certainly stopped");
                    RETRY
                }
                Ok(Attempt::Other(holder)) if self.acted => {
                    self.fence.close();
                    return Err(LockLost::TakenOver(holder));
                }
                Ok(Attempt::Clone(holder)) => {
                    self.fence.close();
                    return Err(LockLost::Cloned(holder));
                }
                Ok(Attempt::Other(holder)) => {
                    self.set(LockState::Waiting(format!(
                        "another agent of this provider runs ({holder}); this one waits until it is stopped"
                    )));
                    RETRY
                }
                Ok(Attempt::Again(why)) => {
                    self.failed(why);
                    RETRY
                }
                // A role without this permission says so from the start. Later a refusal is an outage.
                Err(failure)
                    if failure.code() == Some(403) && !self.answered && !is_going(&failure) =>
                {
                    self.without(&failure);
                    RETRY
                }
                Err(failure) => {
                    self.failed(&failure.text());
                    RETRY
                }
            };
            tokio::select! {
                () = let_go.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.fence.close();
        // What is not let go of is free a little later.
        if let Err(failure) = self.let_go().await {
            tracing::warn!(
                error = failure.text(),
                "the lock could not be let go of; it is free in a little while"
            );
        }
        Ok(())
    }

    async fn attempt(&mut self) -> Result<Attempt, Failure> {
        if let Some(version) = self.version.take()
            && let Some(mine) = self.write(Some(&version)).await?
        {
            return Ok(mine);
        }
        let Some(found) = self.object.read().await? else { return self.absent().await };
        self.gone = None;
        if found.holder == self.holder.to_string() {
            let Some(index) =
                self.written.iter().position(|time| Some(time) == found.renewed.as_ref())
            else {
                return Ok(Attempt::Clone(found.holder));
            };
            // Those after it may still arrive.
            self.written.swap(0, index);
        } else if !self.is_free(&found) {
            return Ok(Attempt::Other(found.holder));
        } else {
            let is_another =
                found.renewed.is_none() && (self.confirmed.is_some() || self.seen.is_some());
            (self.acquired, self.confirmed) = (None, None);
            // Whoever made it when there was none did not wait to the end, or made it in the place of one that was
            // held.
            self.unproven = (found.unproven || is_another).then(Instant::now);
        }
        let again = Attempt::Again("somebody else writes it");
        Ok(self.write(Some(&found.version)).await?.unwrap_or(again))
    }

    /// There is no lock: it was never made, or somebody deleted it.
    async fn absent(&mut self) -> Result<Attempt, Failure> {
        if self.confirmed.is_some() {
            // Another may make it now.
            self.not_held("the lock of this provider's agent was deleted from the cluster");
        } else if self.seen.is_some()
            && self.gone.get_or_insert_with(Instant::now).elapsed() < COURTESY
        {
            return Ok(Attempt::Again("another agent's was deleted, and it may make it again"));
        }
        // Nobody else acts by one that was made after the last time at which this process held it, before
        // that time and DURATION are over. The namespace and the object are a request each.
        let held = self.confirmed.filter(|_| self.unproven.is_none());
        if held.is_none_or(|held| held.elapsed() + 2 * TIMEOUT > DURATION) {
            (self.acquired, self.unproven) = (None, Some(Instant::now()));
        }
        Ok(self.write(None).await?.unwrap_or(Attempt::Again("somebody else makes it")))
    }

    /// Writes this process into that version of the object, or makes it; none if somebody was faster.
    async fn write(&mut self, version: Option<&str>) -> Result<Option<Attempt>, Failure> {
        let renewed = now()?;
        let unproven = self.unproven.is_some_and(|since| since.elapsed() <= DURATION);
        let acquired = self.acquired.get_or_insert_with(|| renewed.clone()).clone();
        let content = Content {
            holder: self.holder.to_string(),
            renewed: renewed.clone(),
            acquired,
            unproven,
        };
        if self.written.len() > UNANSWERED {
            self.written.remove(1);
        }
        self.written.push(renewed.clone());
        let asked = Instant::now();
        let written = match version {
            Some(version) => self.object.replace(version, &content).await?,
            None => self.object.create(&content).await?,
        };
        let Written::Done(written) = written else { return Ok(None) };
        if !unproven {
            self.unproven = None;
        } else if version.is_none() {
            // From the answer on: it was made before that.
            self.unproven = Some(Instant::now());
        }
        (self.version, self.written) = (Some(written), vec![renewed]);
        self.confirmed = Some(asked);
        Ok(Some(Attempt::Mine { asked, proven: !unproven }))
    }

    /// Whether another's lock can be taken. By this machine's clock: another's may be wrong.
    fn is_free(&mut self, found: &Seen) -> bool {
        if found.holder.is_empty() || self.holder.follows(&found.holder) {
            return true;
        }
        match &self.seen {
            Some((version, since)) if *version == found.version => since.elapsed() > DURATION,
            _ => {
                self.seen = Some((found.version.clone(), Instant::now()));
                false
            }
        }
    }

    async fn let_go(&mut self) -> Result<(), Failure> {
        if self.confirmed.is_none() {
            return Ok(());
        }
        let Some(found) = self.object.read().await? else { return Ok(()) };
        if found.holder != self.holder.to_string() {
            return Ok(());
        }
        let renewed = now()?;
        let acquired = found.acquired.unwrap_or_else(|| renewed.clone());
        let (holder, unproven) = (String::new(), found.unproven);
        let content = Content { holder, renewed, acquired, unproven };
        self.object.replace(&found.version, &content).await.map(drop)
    }

    fn held(&mut self, asked: Instant) {
        if *self.state.borrow() != LockState::Held {
            tracing::info!(holder = %self.holder, "lock taken");
        }
        self.acted = true;
        self.fence.open_until(asked + GRACE);
        self.set(LockState::Held);
    }

    /// It is not this agent's now, or not yet.
    fn not_held(&self, reason: &str) {
        self.fence.close();
        let reason = reason.to_owned();
        self.set(if self.acted { LockState::Doubtful(reason) } else { LockState::Waiting(reason) });
    }

    /// An attempt failed. What was held a moment ago is held still.
    fn failed(&self, problem: &str) {
        let text = format!("the lock of this provider's agent cannot be asked for: {problem}");
        match self.confirmed {
            _ if !self.acted => self.set(LockState::Waiting(text)),
            Some(held) if held.elapsed() > DOUBT => self.set(LockState::Doubtful(text)),
            _ => {}
        }
    }

    /// The agent's user may not ask for it.
    fn without(&mut self, failure: &Failure) {
        let text = format!(
            "the lock that keeps a second agent from acting cannot be taken ({}); run `souk-provider access` again",
            failure.text()
        );
        if !matches!(*self.state.borrow(), LockState::Unlocked(_)) {
            tracing::warn!("{text}");
        }
        self.acted = true;
        self.fence.open();
        self.set(LockState::Unlocked(text));
    }

    fn set(&self, state: LockState) {
        self.state.send_if_modified(|known| {
            let changed = *known != state;
            *known = state;
            changed
        });
    }
}

/// Whether a request was refused since the lock's namespace is being deleted, and not for want of rights.
fn is_going(failure: &Failure) -> bool {
    failure.text().contains("being terminated")
}
