//! Grants of `x/authz`: one for each granter, grantee and type of message, and a queue by their expiry.

use cosmrs::proto::Timestamp;
use cosmrs::proto::cosmos::authz::v1beta1::{Grant, GrantQueueItem};
use prost::Message;

use super::ctx::Ctx;
use super::kv::{Kv, Records};

const GRANT: u8 = 0x20;
const QUEUE: u8 = 0x21;
/// What the SDK charges for a look at an entry of the queue.
const QUEUE_STEP: u64 = 20;

/// Whose grant to whom.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// Address bytes of who allows.
    pub granter: &'a [u8],
    /// Address bytes of who is allowed.
    pub grantee: &'a [u8],
}

impl Parties<'_> {
    fn append_to(self, key: &mut Vec<u8>) {
        for address in [self.granter, self.grantee] {
            // Addresses have 255 bytes at most.
            key.push(address.len() as u8);
            key.extend_from_slice(address);
        }
    }

    /// Prefix of their grants; the rest of a key is the type URL of the message.
    pub fn prefix(self) -> Vec<u8> {
        let mut key = vec![GRANT];
        self.append_to(&mut key);
        key
    }

    fn key(self, type_url: &str) -> Vec<u8> {
        let mut key = self.prefix();
        key.extend_from_slice(type_url.as_bytes());
        key
    }

    fn queue_key(self, expiry_ns: i128) -> Vec<u8> {
        let mut key = queue_prefix(expiry_ns);
        self.append_to(&mut key);
        key
    }
}

/// As long as the SDK's text of a time, and sorted alike from 1970 on; no grant is older.
fn queue_prefix(ns: i128) -> Vec<u8> {
    let mut key = vec![QUEUE];
    key.extend_from_slice(format!("{ns:029}").as_bytes());
    key
}

/// Nanoseconds since 1970.
pub fn ns(time: &Timestamp) -> i128 {
    i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos)
}

fn expiry(grant: &Grant) -> Option<i128> {
    grant.expiration.as_ref().map(ns)
}

/// The grant for a type of message.
pub fn load(ctx: &Ctx, parties: Parties<'_>, type_url: &str) -> Option<Grant> {
    let bytes = ctx.get(&parties.key(type_url))?;
    Grant::decode(bytes.as_slice()).ok()
}

/// Writes a grant whose expiry is the one that is stored.
pub fn update(ctx: &Ctx, parties: Parties<'_>, type_url: &str, grant: &Grant) {
    ctx.set(parties.key(type_url), grant.encode_to_vec());
}

/// Writes a grant in the place of an earlier one.
pub fn save(ctx: &Ctx, parties: Parties<'_>, type_url: &str, grant: &Grant) {
    let before = load(ctx, parties, type_url).as_ref().and_then(expiry);
    let after = expiry(grant);
    if before != after {
        if let Some(before) = before {
            unqueue(ctx, parties, type_url, before);
        }
        if let Some(after) = after {
            let key = parties.queue_key(after);
            let mut types = queued(ctx, &key);
            types.push(type_url.to_owned());
            ctx.set(key, GrantQueueItem { msg_type_urls: types }.encode_to_vec());
        }
    }
    update(ctx, parties, type_url, grant);
}

/// Removes a grant that is there.
pub fn remove(ctx: &Ctx, parties: Parties<'_>, type_url: &str, grant: &Grant) {
    if let Some(at) = expiry(grant) {
        unqueue(ctx, parties, type_url, at);
    }
    ctx.remove(&parties.key(type_url));
}

fn queued(ctx: &Ctx, key: &[u8]) -> Vec<String> {
    let item = ctx.get(key).and_then(|bytes| GrantQueueItem::decode(bytes.as_slice()).ok());
    item.unwrap_or_default().msg_type_urls
}

fn unqueue(ctx: &Ctx, parties: Parties<'_>, type_url: &str, at: i128) {
    let key = parties.queue_key(at);
    let mut types = queued(ctx, &key);
    if let Some(place) = types.iter().position(|one| one == type_url) {
        ctx.gas().consume(QUEUE_STEP * (place as u64 + 1), "grant queue");
        types.swap_remove(place);
        ctx.set(key, GrantQueueItem { msg_type_urls: types }.encode_to_vec());
    }
}

/// Removes what expired before this time, as each block does before its transactions.
pub fn prune(state: &mut Kv, now_ns: u64) {
    let end = queue_prefix(i128::from(now_ns));
    let due: Vec<_> = Records::new(state.clone(), vec![QUEUE], Some(end.clone()), false).collect();
    for (key, value) in due {
        let parties = key.get(end.len()..).unwrap_or_default();
        for type_url in GrantQueueItem::decode(value.as_slice()).unwrap_or_default().msg_type_urls {
            state.remove_mut([&[GRANT], parties, type_url.as_bytes()].concat().as_slice());
        }
        state.remove_mut(&key);
    }
}
