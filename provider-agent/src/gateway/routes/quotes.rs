//! POST what a tenant would like to have: prices for groups that are on no chain. Unsigned ones are open to anyone and
//! reserve nothing; signed ones need the token of a wallet.

use std::sync::Arc;

use axum::{
    Json, RequestPartsExt,
    extract::{self, FromRequest, Request},
};
use http::StatusCode;
use souk_core::{absence::is_limit, limits::check_groups, reclaim::is_window};
use souk_gateway::quote::{MAX_REQUEST, QuotesRequest, QuotesResponse};

use crate::{
    gateway::{GatewayError, State, auth::Caller},
    market::bidding::quoting::{NotQuoted, QuotesAsked, Signing},
    model::quoting::Asker,
};

/// What is asked for is checked before anybody decides on it.
pub async fn post(
    extract::State(state): extract::State<Arc<State>>,
    request: Request,
) -> Result<Json<QuotesResponse>, GatewayError> {
    let quoting = state.quoting.as_ref().filter(|quoting| quoting.quotes.enabled);
    let quoting = quoting.ok_or(NotQuoted::Off)?;
    let (mut parts, body) = request.into_parts();
    // Without a header nobody is asked for one.
    let caller = parts.extract_with_state::<Caller, _>(&state).await;
    let body = Json::<QuotesRequest>::from_request(Request::from_parts(parts, body), &state).await;
    let Json(asked) = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            GatewayError::TooLarge(u64::try_from(MAX_REQUEST).unwrap_or(u64::MAX))
        }
        _ => GatewayError::Body(rejection.body_text()),
    })?;
    let asker = match asked.sign {
        true => {
            let caller = caller?;
            Some(Asker { address: caller.wallet()?.to_owned(), network: caller.network() })
        }
        false => None,
    };
    check(&state, &asked)?;
    let sign = match asker {
        Some(asker) => Some(Signing { asker, heads: quoting.heads.get().await }),
        None => None,
    };
    let asked = QuotesAsked {
        tenant: asked.tenant,
        denom: asked.denom,
        groups: asked.groups,
        absence: asked.absence.unwrap_or_default(),
        reclamation: asked.reclamation.map(|asked| asked.min_window),
        sign,
    };
    let answers = quoting.desk.quotes(asked).await?;
    Ok(Json(QuotesResponse { answers }))
}

/// What the market would refuse gets no price.
fn check(state: &State, asked: &QuotesRequest) -> Result<(), GatewayError> {
    let refused = |why: String| Err(GatewayError::Unacceptable(why));
    if let Err(error) = check_groups(&asked.groups) {
        return refused(error.to_string());
    }
    if !is_address(&asked.tenant, &state.policy.prefix) {
        return refused(format!("{} is not an address of this chain", asked.tenant));
    }
    if asked.absence.is_some_and(|absence| !is_limit(absence.limit)) {
        return refused("the limit for absence is 6 hours to 30 days".to_owned());
    }
    if asked.reclamation.is_some_and(|asked| !is_window(asked.min_window)) {
        return refused("the notice before a reclaim is an hour to 30 days".to_owned());
    }
    Ok(())
}

/// Whether a text is an address as the chain writes it.
fn is_address(text: &str, prefix: &str) -> bool {
    let decoded = bech32::decode(text);
    decoded.is_ok_and(|(hrp, _)| hrp.as_str() == prefix) && text == text.to_lowercase()
}
