//! PUT and GET a lease's manifest.

use std::sync::Arc;

use axum::{
    Json,
    extract::{self, FromRequest, Request},
};
use cosmwasm_std::HexBinary;
use http::StatusCode;
use souk_core::OrderId;
use souk_gateway::{Salt, Scope, body::ManifestUpload};

use crate::{
    gateway::{GatewayError, State, auth::Caller, extract::OrderPath},
    model::{
        Lease,
        hosts::Naming,
        manifest::{self, Refusal},
    },
    store::{HostnameTaken, ManifestRow, Tx, hostnames, manifests},
};

/// Accepts a manifest that matches the lease; until then the one before runs. The body is read only
/// if the caller has the lease.
pub async fn put(
    extract::State(state): extract::State<Arc<State>>,
    OrderPath(order): OrderPath,
    caller: Caller,
    request: Request,
) -> Result<StatusCode, GatewayError> {
    let lease = caller.running_lease(&state, order, Scope::SendManifest).await?;
    let body = Json::<ManifestUpload>::from_request(request, &state).await;
    let Json(upload) = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => GatewayError::TooLarge(state.config.limits.body.0),
        _ => GatewayError::Body(rejection.body_text()),
    })?;
    let (commitment, accepted) = check(&state, &lease, &upload).await?;
    let text = upload.manifest.canonical_json();
    let before = state.store.manifest(order).await?;
    // What was accepted before is not tried again.
    if before.is_none_or(|before| before.manifest != text) {
        let manifest::Accepted { group, hostnames } = &accepted;
        free(&state, order, hostnames.clone()).await?;
        state.workloads.try_manifest(order, group.clone(), hostnames.clone()).await?;
    }
    let row = ManifestRow {
        order,
        manifest: text,
        salt: upload.salt.map(|salt| salt.0.to_vec()),
        commitment,
        accepted_at: state.store.block_time().await?.unwrap_or_default(),
    };
    state.store.write(move |tx| store(tx, &row, &accepted.hostnames)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Whether no other lease has one of these host names.
async fn free(state: &State, order: OrderId, hosts: Vec<String>) -> Result<(), GatewayError> {
    let read = state.store.read(move |sql| {
        hosts.iter().map(|host| hostnames::check(sql, host, order)).collect::<Result<Vec<_>, _>>()
    });
    let checked: Result<Vec<()>, HostnameTaken> = read.await?.into_iter().collect();
    Ok(checked.map(drop)?)
}

/// Stores the manifest and claims its host names, all or nothing. Host names of the manifest before
/// that are not in this one are released.
fn store(tx: &Tx<'_>, row: &ManifestRow, hosts: &[String]) -> Result<(), GatewayError> {
    for old in hostnames::of(tx, row.order)? {
        if !hosts.contains(&old) {
            hostnames::release_one(tx, &old, row.order)?;
        }
    }
    for host in hosts {
        hostnames::claim(tx, host, row.order)??;
    }
    Ok(manifests::put(tx, row)?)
}

/// Checks the upload against the store. If the hash does not match, the chain may have a newer
/// commitment already.
async fn check(
    state: &State,
    lease: &Lease,
    upload: &ManifestUpload,
) -> Result<(HexBinary, manifest::Accepted), GatewayError> {
    let too_early = || GatewayError::TooEarly(format!("order {}", lease.order));
    let deployment = state.store.deployment(lease.group.deployment).await?.ok_or_else(too_early)?;
    let order = state.store.order(lease.order).await?.ok_or_else(too_early)?;
    let spec = order.detail.ok_or_else(too_early)?.spec;
    let known = deployment.commitment;
    let domains = &state.rules.domains;
    let naming = Naming { scope: &state.scope, order: lease.order, domains };
    match manifest::check(upload, &known, &spec, &naming, &state.rules.images) {
        Ok(accepted) => Ok((known, accepted)),
        Err(refusal @ Refusal::Hash { .. }) => {
            let newest = state.chain.commitment(lease.group.deployment).await;
            let newest = newest.map_err(GatewayError::Chain)?;
            if newest != known && manifest::hashes_to(upload, &newest) {
                let what = format!("the new version of deployment {}", lease.group.deployment);
                return Err(GatewayError::TooEarly(what));
            }
            Err(refusal.into())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Returns the accepted manifest.
pub async fn get(
    extract::State(state): extract::State<Arc<State>>,
    OrderPath(order): OrderPath,
    caller: Caller,
) -> Result<Json<ManifestUpload>, GatewayError> {
    caller.running_lease(&state, order, Scope::GetManifest).await?;
    let row = state.store.manifest(order).await?.ok_or(GatewayError::NoManifest(order))?;
    let salt = row.salt.and_then(|salt| salt.try_into().ok()).map(Salt);
    let manifest = serde_json::from_str(&row.manifest)
        .map_err(|error| GatewayError::Body(error.to_string()))?;
    Ok(Json(ManifestUpload { manifest, salt }))
}
