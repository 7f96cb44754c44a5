//! Pages of records under a prefix, by the SDK's rules.

use cosmrs::proto::cosmos::base::query::v1beta1::{PageRequest, PageResponse};

use super::failure::Failure;
use crate::state::{Kv, Records, prefix_end};

/// Records of a page; keys without the prefix.
pub type Page = Vec<(Vec<u8>, Vec<u8>)>;

/// Default page size of the SDK.
const DEFAULT_LIMIT: u64 = 100;

/// A page of all records under `prefix`.
pub fn page(
    state: &Kv,
    prefix: &[u8],
    request: Option<PageRequest>,
) -> Result<(Page, PageResponse), Failure> {
    let request = request.unwrap_or_default();
    if request.offset > 0 && !request.key.is_empty() {
        return Err(Failure::InvalidArgument(
            "invalid request, either offset or key is expected, got both".into(),
        ));
    }
    let limit = if request.limit == 0 { DEFAULT_LIMIT } else { request.limit };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let offset = usize::try_from(request.offset).unwrap_or(usize::MAX);
    let mut start = prefix.to_vec();
    let mut end = prefix_end(prefix);
    if !request.key.is_empty() {
        let key = [prefix, request.key.as_slice()].concat();
        if request.reverse {
            // The key itself belongs to the page.
            end = Some([key.as_slice(), &[0]].concat());
        } else {
            start = key;
        }
    }
    let mut records = Records::new(state.clone(), start, end, request.reverse).skip(offset);
    let found: Page = records
        .by_ref()
        .take(limit)
        .map(|(key, value)| (key[prefix.len()..].to_vec(), value))
        .collect();
    let next_key = records.next().map(|(key, _)| key[prefix.len()..].to_vec()).unwrap_or_default();
    // Whoever asks for no number of entries is told how many there are.
    let count_total = request.count_total || request.limit == 0;
    let total = if count_total && request.key.is_empty() {
        Records::under(state.clone(), prefix, false).count() as u64
    } else {
        0
    };
    Ok((found, PageResponse { next_key, total }))
}

/// A page where only keys lead on, as wasmd demands.
pub fn page_by_key(
    state: &Kv,
    prefix: &[u8],
    request: Option<PageRequest>,
) -> Result<(Page, PageResponse), Failure> {
    let mut request =
        request.unwrap_or(PageRequest { limit: DEFAULT_LIMIT, ..PageRequest::default() });
    if request.offset != 0 || request.count_total {
        return Err(Failure::InvalidArgument("offset and count queries not supported".into()));
    }
    if request.limit == 0 || request.limit > DEFAULT_LIMIT {
        request.limit = DEFAULT_LIMIT;
    }
    page(state, prefix, Some(request))
}
