//! How the bidding loop answers: one decision for each group, beside what the groups before it would take.

use std::borrow::Cow;

use souk_core::{Attribute, GroupSpec, Price};
use souk_gateway::quote::QuoteAnswer;

use super::{
    super::{questions, round::holding, run::Bidder},
    NotQuoted, Question, QuotesAsked, Signing,
    sign::{Granted, Signer},
};
use crate::{
    market::ChainError,
    model::{
        Cursor, Registered,
        bidding::{
            Decision, DecisionInput, Eligible, LowestBid, ProviderState, Reason, TenantReason,
            Wanted, decide_on,
        },
        placement::{Available, Inventory, Placement, Reservation, Shortage, leased_ips},
        quoting::{Share, UNUSED},
    },
    store::StoreError,
};

/// Why a group is declined that can't be judged now.
const UNKNOWN: &str = "cannot say at present";

/// What the provider would run a group for.
struct Grant {
    price: Price,
    offer: Vec<Attribute>,
    window: Option<u64>,
    reservation: Reservation,
    /// The nonce that it shares, with its last second.
    shared: Option<(u64, u64)>,
}

type Verdict = Result<Grant, &'static str>;

/// What was granted so far within a request.
struct SoFar<'a> {
    left: Cow<'a, Inventory>,
    /// Groups that were granted, and of them those with a slot of their own.
    groups: u32,
    slots: u32,
    share: Share,
    /// Nonces that are shared: each makes one lease.
    nonces: Vec<u64>,
}

impl Bidder {
    /// Answers a question, unless nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub(in super::super) async fn serve(&mut self, question: Question) -> Result<(), StoreError> {
        match question {
            Question::Quotes(_, reply) if reply.is_closed() => {}
            Question::Quotes(asked, reply) => {
                let answer = match self.quotes(&asked).await {
                    Ok(answer) => answer,
                    Err(ChainError::Store(error)) => return Err(error),
                    Err(error) => {
                        tracing::warn!(%error, "quotes not decided");
                        Err(NotQuoted::Chain)
                    }
                };
                // Whoever left leaves a reservation that lapses.
                drop(reply.send(answer));
            }
            Question::Available(reply) => drop(reply.send(self.available())),
        }
        Ok(())
    }

    async fn quotes(
        &mut self,
        asked: &QuotesAsked,
    ) -> Result<Result<Vec<QuoteAnswer>, NotQuoted>, ChainError> {
        self.hear().await?;
        let Some(at) = self.look().await? else { return Ok(Err(NotQuoted::Behind)) };
        if let Some(signing) = &asked.sign
            && let Err(why) = self.may_sign(at, asked, signing)
        {
            return Ok(Err(why));
        }
        let verdicts = self.judge(at, asked).await;
        // A deployment begins with all its leases or with none: what is not signed together holds nothing.
        let all = verdicts.iter().all(Result::is_ok);
        let Some(signing) = asked.sign.as_ref().filter(|_| all) else {
            return Ok(Ok(verdicts.into_iter().map(|verdict| self.unsigned(verdict)).collect()));
        };
        let granted = verdicts.into_iter().flatten().zip(&asked.groups);
        let granted = granted.map(|(grant, spec)| Granted {
            spec: spec.clone(),
            price: grant.price,
            offer: grant.offer,
            window: grant.window,
            reservation: grant.reservation,
            shared: grant.shared,
        });
        let signer = Signer { at, asked, signing };
        let signed = self.sign(signer, granted.collect()).await?;
        Ok(signed.map(|quotes| {
            quotes.into_iter().map(|quote| QuoteAnswer::Signed(Box::new(quote))).collect()
        }))
    }

    fn unsigned(&self, verdict: Verdict) -> QuoteAnswer {
        match verdict {
            Ok(Grant { price, offer, window, .. }) => {
                self.counts.offered();
                QuoteAnswer::Offered { price, offer, reclamation_window: window }
            }
            Err(why) => {
                self.counts.declined(why);
                QuoteAnswer::Declined { reason: why.to_owned() }
            }
        }
    }

    /// Whether anything may be signed now for whoever asks.
    fn may_sign(
        &self,
        at: Cursor,
        asked: &QuotesAsked,
        signing: &Signing,
    ) -> Result<(), NotQuoted> {
        let is_another = *self.deps.registered.borrow() == Registered::Another;
        if is_another || self.deps.idle.borrow().is_some() {
            return Err(NotQuoted::Superseded);
        }
        let registered = self.cache.provider.as_ref().and_then(|one| one.quote_key.as_deref());
        if registered != Some(self.deps.quote_key.public().as_slice()) {
            return Err(NotQuoted::NoKey);
        }
        if let Some(until) = self.quotes_out(at.time) {
            return Err(NotQuoted::EmptyStore(until));
        }
        signing.heads.check(at.time)?;
        if let Some(known) = &self.known {
            let more = u32::try_from(asked.groups.len()).unwrap_or(u32::MAX);
            let limits = self.deps.config.quotes.limits();
            known.quotes().check(&signing.asker, &asked.tenant, more, &limits)?;
        }
        Ok(())
    }

    async fn judge(&mut self, at: Cursor, asked: &QuotesAsked) -> Vec<Verdict> {
        if self.deps.idle.borrow().is_some() {
            let none = TenantReason::NotBidding.as_str();
            return asked.groups.iter().map(|_| Err(none)).collect();
        }
        if let Some(auditors) = self.unknown_auditors(at, asked)
            && let Err(why) =
                questions::learn(&self.deps, &mut self.cache, at.height, auditors).await
        {
            tracing::debug!(why, "auditors of a quote's groups not known");
        }
        let nothing = Inventory::default();
        let left = self.inventory.as_ref().unwrap_or(&nothing);
        let mut so_far = SoFar {
            left: Cow::Borrowed(left),
            groups: 0,
            slots: 0,
            share: self.share(left),
            nonces: Vec::new(),
        };
        let mut verdicts = Vec::with_capacity(asked.groups.len());
        for (index, spec) in asked.groups.iter().enumerate() {
            let verdict = self.judge_group(at, asked, spec, &so_far);
            let is_last = index + 1 == asked.groups.len();
            if let Ok(grant) = &verdict
                && !is_last
            {
                so_far.add(grant);
            }
            verdicts.push(verdict);
        }
        verdicts
    }

    fn judge_group(
        &self,
        at: Cursor,
        asked: &QuotesAsked,
        spec: &GroupSpec,
        so_far: &SoFar<'_>,
    ) -> Verdict {
        // The market takes it no more, or never did.
        if !self.cache.terms().take_bps.contains_key(&asked.denom) {
            return Err(TenantReason::Denom.as_str());
        }
        let until = at.time.saturating_add(self.deps.config.quotes.validity.0);
        let limit = asked.absence.limit;
        let wanted = Wanted::off_chain(spec, &asked.denom, asked.reclamation, limit, until);
        let decision = self.decide(at, asked, &wanted, so_far, None);
        let percent = self.deps.config.quotes.max_share_percent;
        let (under_pressure, verdict) = match decision {
            Decision::Bid { price, offer, reclamation_window, placements } => {
                let sum = Share::sum(&placements);
                let reservation = Reservation { order: UNUSED, placements, ips: leased_ips(spec) };
                let window = reclamation_window;
                let grant = Grant { price, offer, window, reservation, shared: None };
                match so_far.share.allows(sum, percent) || asked.sign.is_none() {
                    true => (false, Ok(grant)),
                    false => (true, Err(TenantReason::Capacity.as_str())),
                }
            }
            Decision::Pass(reason) => (is_pressure(&reason), Err(reason.for_tenant().as_str())),
            _ => (false, Err(UNKNOWN)),
        };
        if !under_pressure || asked.sign.is_none() {
            return verdict;
        }
        let shared = self.shared(at, asked, &wanted, so_far);
        shared.map_or(verdict, Ok)
    }

    /// On the nonce of others who want as much: the chain takes the first of them.
    fn shared(
        &self,
        at: Cursor,
        asked: &QuotesAsked,
        wanted: &Wanted<'_>,
        so_far: &SoFar<'_>,
    ) -> Option<Grant> {
        let quotes = self.known.as_ref()?.quotes();
        let found = quotes.to_share(&wanted.group.units, at.time, &so_far.nonces)?;
        let placements = &found.reservation.placements;
        match self.decide(at, asked, wanted, so_far, Some(placements)) {
            Decision::Bid { price, offer, reclamation_window: window, .. } => Some(Grant {
                price,
                offer,
                window,
                reservation: found.reservation.clone(),
                shared: Some((found.nonce, found.valid_until)),
            }),
            _ => None,
        }
    }

    fn decide(
        &self,
        at: Cursor,
        asked: &QuotesAsked,
        wanted: &Wanted<'_>,
        so_far: &SoFar<'_>,
        shared: Option<&[Placement]>,
    ) -> Decision {
        let Some(known) = &self.known else { return Decision::Pass(Reason::NotRegistered) };
        // What shares a nonce uses no slot of its own.
        let provider = self.cache.provider.as_ref().map(|provider| ProviderState {
            used: match shared {
                Some(_) => provider.used.saturating_add(so_far.slots).saturating_sub(1),
                None => provider.used.saturating_add(so_far.slots),
            },
            ..provider.clone()
        });
        let short = self.deps.heartbeats.borrow().short.clone();
        let terms = self.cache.terms();
        let input = DecisionInput {
            now: at.time,
            height: at.height,
            eligible: Eligible::Unknown,
            provider: provider.as_ref(),
            paused: terms.paused,
            short_of_coins: short.as_deref(),
            min_prices: &terms.min_prices,
            attestations: &self.cache.attestations,
            inventory: match &self.inventory {
                Ok(_) => Ok(&so_far.left),
                Err(why) => Err(why),
            },
            quotes_out: self.quotes_out(at.time),
            shared,
            own_bid: None,
            own_placements: None,
            best: LowestBid::Nobody,
            open_for_tenant: holding(known, &asked.tenant).saturating_add(so_far.groups),
        };
        decide_on(wanted, &self.deps.config, &input)
    }

    /// The auditors that these groups' decisions wait for, if any does.
    fn unknown_auditors(&self, at: Cursor, asked: &QuotesAsked) -> Option<Vec<String>> {
        let inventory = self.inventory.as_ref().ok()?;
        let so_far = SoFar {
            left: Cow::Borrowed(inventory),
            groups: 0,
            slots: 0,
            share: Share::default(),
            nonces: Vec::new(),
        };
        let named = |spec: &&GroupSpec| !spec.requirements.signed_by.is_empty();
        let mut auditors = Vec::new();
        for spec in asked.groups.iter().filter(named) {
            let limit = asked.absence.limit;
            let wanted = Wanted::off_chain(spec, &asked.denom, asked.reclamation, limit, at.time);
            if let Decision::Ask(questions) = self.decide(at, asked, &wanted, &so_far, None) {
                auditors.extend(questions.auditors);
            }
        }
        auditors.sort_unstable();
        auditors.dedup();
        (!auditors.is_empty()).then_some(auditors)
    }

    fn share(&self, left: &Inventory) -> Share {
        let Some(known) = &self.known else { return Share::default() };
        let quotes = known.quotes();
        let provider = self.cache.provider.as_ref();
        let quoted = quotes.open().flat_map(|one| &one.reservation.placements);
        Share {
            free: left.free(),
            free_slots: provider.map_or(0, |one| one.slots.saturating_sub(one.used)),
            quoted: Share::sum(quoted),
            quoted_slots: quotes.slots(),
        }
    }

    /// What there is, and whether more is taken; by what was known after the last round.
    fn available(&self) -> Available {
        let following = self.deps.following.borrow();
        let takes_leases =
            self.deps.config.bidding.enabled
                && !self.cache.terms().paused
                && self.deps.idle.borrow().is_none()
                && self.deps.heartbeats.borrow().short.is_none()
                && self.quotes_out(following.time).is_none()
                && self.cache.provider.as_ref().is_some_and(|provider| {
                    !provider.maintenance && provider.other_operator.is_none()
                });
        let nothing = Inventory::default();
        Available::of(self.inventory.as_ref().unwrap_or(&nothing), takes_leases, following.height)
    }
}

impl SoFar<'_> {
    fn add(&mut self, grant: &Grant) {
        self.groups = self.groups.saturating_add(1);
        match grant.shared {
            Some((nonce, _)) => self.nonces.push(nonce),
            None => {
                self.slots = self.slots.saturating_add(1);
                let left = self.left.to_mut();
                left.reserve(&grant.reservation);
                self.share.free = left.free();
                self.share.free_slots = self.share.free_slots.saturating_sub(1);
                let sum = Share::sum(&grant.reservation.placements);
                self.share.quoted = self.share.quoted.plus(sum);
                self.share.quoted_slots = self.share.quoted_slots.saturating_add(1);
            }
        }
    }
}

/// Whether what is missing may be what other quotes hold.
fn is_pressure(reason: &Reason) -> bool {
    match reason {
        Reason::Capacity(shortage) => !matches!(shortage, Shortage::Unsupported(_)),
        Reason::NoSlots { .. } => true,
        _ => false,
    }
}
