//! What tests inject into chosen requests.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;

/// Something that a test does while a request waits.
pub type Hook = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// A hook from an async block.
pub fn hook<F: Future<Output = ()> + Send + 'static>(run: F) -> Hook {
    Box::new(move || Box::pin(run))
}

/// Changes an endpoint's result.
pub type Change = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// An effect that changes an endpoint's result.
pub fn change(by: impl Fn(&mut Value) + Send + Sync + 'static) -> Effect {
    Effect::Change(Arc::new(by))
}

/// A fault or an action of the test at one request.
pub enum Effect {
    /// Runs before the request is forwarded.
    Before(Hook),
    /// Runs after the endpoint has answered and before the client gets the answer.
    After(Hook),
    /// The client gets the endpoint's result changed by this.
    Change(Change),
    /// The client gets this result, the endpoint is not asked.
    Result(Value),
    /// The client gets a JSON-RPC error with this data, the endpoint is not asked.
    Error(&'static str),
    /// The endpoint gets the request, the client an HTTP 502.
    LoseReply,
    /// The endpoint does not get the request, the client gets an HTTP 502.
    Unreachable,
}

impl Effect {
    /// A copy for the next request; none for effects with hooks, which apply once.
    pub(super) fn repeat(&self) -> Option<Self> {
        Some(match self {
            Self::Before(_) | Self::After(_) => return None,
            Self::Change(change) => Self::Change(Arc::clone(change)),
            Self::Result(value) => Self::Result(value.clone()),
            Self::Error(data) => Self::Error(data),
            Self::LoseReply => Self::LoseReply,
            Self::Unreachable => Self::Unreachable,
        })
    }
}

/// Matches requests by method, and by a part of an `abci_query`'s path or data or of the broadcast transaction.
/// Both contain messages to contracts as JSON.
#[derive(Clone, Copy, Debug)]
pub struct On(pub &'static str, pub &'static str);

impl On {
    pub(super) fn matches(&self, method: &str, text: &str) -> bool {
        self.0 == method && text.contains(self.1)
    }
}

pub(super) struct Rule {
    pub on: On,
    /// Applies to every further request, too.
    pub repeats: bool,
    pub effect: Effect,
}

/// The effect for a request, if there is a rule.
pub(super) fn take(rules: &mut Vec<Rule>, method: &str, text: &str) -> Option<Effect> {
    let index = rules.iter().position(|rule| rule.on.matches(method, text))?;
    let rule = rules.get(index)?;
    match rule.repeats.then(|| rule.effect.repeat()).flatten() {
        Some(repeated) => Some(repeated),
        None => Some(rules.remove(index).effect),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_applies_once_or_repeats() {
        let mut rules = vec![
            Rule { on: On("block", ""), repeats: false, effect: Effect::Unreachable },
            Rule { on: On("abci_query", "Simulate"), repeats: true, effect: Effect::LoseReply },
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
