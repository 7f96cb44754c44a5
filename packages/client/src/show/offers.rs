//! The offers for an order, and why others made none.

use super::{a_month, amount, duration, table};
use crate::deploy::{History, Offer, Offers, Quotes, Via};

/// A table of offers, numbered from 1 as [`crate::deploy::Pick::Row`] counts them.
pub fn offers(all: &Offers) -> String {
    let mut text = match all.offers.is_empty() {
        true => format!("Order {}: no bids yet.\n", all.order),
        false => rows(&all.offers),
    };
    for other in &all.others {
        text.push_str(&format!("  no bid from {}: {}\n", other.provider, other.reason));
    }
    text
}

/// The same table of the prices for a group that is on no chain.
pub fn quotes(all: &Quotes) -> String {
    let mut text = match all.offers.is_empty() {
        true => format!("Group {}: nobody quotes a price.\n", all.group),
        false => format!("Group {}:\n{}", all.group, rows(&all.offers)),
    };
    if all.dearer > 0 {
        text.push_str(&format!("  and {} that are dearer\n", all.dearer));
    }
    for other in &all.others {
        text.push_str(&format!("  no quote from {}: {}\n", other.provider, other.reason));
    }
    if all.left_out > 0 {
        let left_out = all.left_out;
        text.push_str(&format!(
            "  {left_out} others were not asked: there are more than are asked at once\n"
        ));
    }
    text
}

fn rows(offers: &[Offer]) -> String {
    let columns =
        ["", "bid", "provider", "an hour", "a month", "region", "offers", "audited", "leases"];
    let mut rows = table(columns);
    for (at, offer) in offers.iter().enumerate() {
        rows.add_row(row(at + 1, offer));
    }
    format!("{rows}\n")
}

/// How many leases a provider won, and which of them went wrong.
fn history(of: History) -> String {
    let History { won, breaches, without_manifest, taken_back, absences } = of;
    if won == 0 {
        return "none yet".to_owned();
    }
    let bad = [
        (breaches, "broken off"),
        (without_manifest, "without manifest"),
        (taken_back, "taken back"),
        (absences, "ended as absent"),
    ];
    let bad = bad.into_iter().filter(|(count, _)| *count > 0);
    bad.fold(won.to_string(), |text, (count, what)| format!("{text}, {count} {what}"))
}

fn row(number: usize, offer: &Offer) -> [String; 9] {
    let price = offer.price.u128();
    [
        number.to_string(),
        match offer.via {
            Via::Bid(bid) => format!("#{bid}"),
            Via::Quote {} => "quote".to_owned(),
        },
        offer.provider.clone(),
        amount(price, &offer.denom),
        a_month(price, &offer.denom),
        offer.region.clone().unwrap_or_else(|| "-".to_owned()),
        given(offer),
        match offer.audited_by {
            0 => "no".to_owned(),
            auditors => format!("by {auditors}"),
        },
        history(offer.leases),
    ]
}

/// What it gives where the order leaves it open, and the notice before it takes the lease back.
fn given(offer: &Offer) -> String {
    let notice = offer.reclamation_window.map(|window| format!("notice {}", duration(window)));
    let parts: Vec<String> = offer.offer.iter().cloned().chain(notice).collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(" ") }
}
