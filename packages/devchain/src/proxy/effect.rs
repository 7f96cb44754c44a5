//! What a test lets happen to chosen requests.

use futures::future::BoxFuture;
use serde_json::Value;

/// Something that a test does while a request waits.
pub type Hook = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// A hook from an async block.
pub fn hook<F: Future<Output = ()> + Send + 'static>(run: F) -> Hook {
    Box::new(move || Box::pin(run))
}

/// What happens instead of, or beside, the answer.
pub enum Effect {
    /// This is done first, then the request goes on.
    Before(Hook),
    /// The endpoint has answered; this is done, then the client gets the answer.
    After(Hook),
    /// The client gets the endpoint's result changed by this.
    Change(fn(&mut Value)),
    /// This is the result, the endpoint is not asked.
    Result(Value),
    /// This is the JSON-RPC error, the endpoint is not asked.
    Error(&'static str),
    /// The endpoint gets the request, the client a broken answer.
    LoseReply,
    /// The endpoint does not get it, the client gets a bad gateway.
    Unreachable,
}

impl Effect {
    /// The same again, for an effect that stays.
    pub(super) fn again(&self) -> Option<Self> {
        Some(match self {
            Self::Before(_) | Self::After(_) => return None,
            Self::Change(change) => Self::Change(*change),
            Self::Result(value) => Self::Result(value.clone()),
            Self::Error(data) => Self::Error(data),
            Self::LoseReply => Self::LoseReply,
            Self::Unreachable => Self::Unreachable,
        })
    }
}

/// Tells the requests that are meant: by method, and by a part of an `abci_query`'s path or data, or of the
/// transaction that is broadcast. Messages to contracts stand in both as their JSON.
#[derive(Clone, Copy, Debug)]
pub struct On(pub &'static str, pub &'static str);

impl On {
    pub(super) fn means(&self, method: &str, text: &str) -> bool {
        self.0 == method && text.contains(self.1)
    }
}

pub(super) struct Rule {
    pub on: On,
    /// Keeps for every further request.
    pub stays: bool,
    pub effect: Effect,
}

/// The effect for a request, if there is a rule.
pub(super) fn take(rules: &mut Vec<Rule>, method: &str, text: &str) -> Option<Effect> {
    let index = rules.iter().position(|rule| rule.on.means(method, text))?;
    let rule = rules.get(index)?;
    match rule.stays.then(|| rule.effect.again()).flatten() {
        Some(again) => Some(again),
        None => Some(rules.remove(index).effect),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_strikes_its_request_once_or_stays() {
        let mut rules = vec![
            Rule { on: On("block", ""), stays: false, effect: Effect::Unreachable },
            Rule { on: On("abci_query", "Simulate"), stays: true, effect: Effect::LoseReply },
        ];
        assert!(take(&mut rules, "status", "").is_none());
        assert!(take(&mut rules, "abci_query", "/Account").is_none());
        for _ in 0..2 {
            assert!(take(&mut rules, "abci_query", "/Service/Simulate").is_some());
        }
        assert!(take(&mut rules, "block", "").is_some());
        assert!(take(&mut rules, "block", "").is_none());
    }
}
