//! Reads a page of a list object by object: what JSON of a page becomes is ten times as large, and is kept
//! of no more than one object.

use std::{fmt, marker::PhantomData, pin::pin, time::Duration};

use futures::{AsyncRead, AsyncReadExt as _};
use kube::{Client, core::ListMeta};
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
    },
};
use tokio::sync::Semaphore;

use super::Each;

/// Pages that are in memory at once, of all lists of the process.
const AT_ONCE: usize = 3;
/// What a page may take.
struct Limits {
    bytes: u64,
    /// For its turn, while others are read.
    turn: Duration,
    /// To arrive.
    arrival: Duration,
}

/// 250 objects of the size that etcd takes at most would be more; no cluster has such.
const LIMITS: Limits =
    Limits { bytes: 64 << 20, turn: Duration::from_secs(120), arrival: Duration::from_secs(30) };
/// One waits for its turn when the server has answered: none waits for a server that does not.
static READING: Semaphore = Semaphore::const_new(AT_ONCE);

/// Asks for a page and hands over each of its objects.
pub(super) async fn read<K: DeserializeOwned>(
    client: Client,
    request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
    each: &mut Each<'_, K>,
) -> kube::Result<ListMeta> {
    let request = request.map_err(kube::Error::BuildRequest)?;
    let text = text(client.request_stream(request).await?, &LIMITS).await?;
    parse(&text, each).map_err(kube::Error::SerdeError)
}

/// The text of a page.
async fn text(page: impl AsyncRead, limits: &Limits) -> kube::Result<Vec<u8>> {
    let failed = |why: String| kube::Error::Service(why.into());
    let late = |what: &str, limit: Duration| failed(format!("{what} within {limit:?}"));
    let turn = tokio::time::timeout(limits.turn, READING.acquire()).await;
    // It is never closed.
    let _turn = turn.map_err(|_| late("no turn to read a page of a list", limits.turn))?;
    let mut text = Vec::new();
    let mut page = pin!(page.take(limits.bytes.saturating_add(1)));
    let read = tokio::time::timeout(limits.arrival, page.read_to_end(&mut text)).await;
    let read = read.map_err(|_| late("a page of a list did not arrive", limits.arrival))?;
    read.map_err(|error| kube::Error::Service(error.into()))?;
    if text.len() as u64 > limits.bytes {
        return Err(failed(format!("a page of a list has more than {} bytes", limits.bytes)));
    }
    Ok(text)
}

fn parse<K: DeserializeOwned>(text: &[u8], each: &mut Each<'_, K>) -> serde_json::Result<ListMeta> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let page = Page { each, object: PhantomData }.deserialize(&mut json)?;
    json.end()?;
    Ok(page)
}

/// A list.
struct Page<'e, 'a, K> {
    each: &'e mut Each<'a, K>,
    object: PhantomData<K>,
}

impl<'de, K: DeserializeOwned> DeserializeSeed<'de> for Page<'_, '_, K> {
    type Value = ListMeta;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<ListMeta, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, K: DeserializeOwned> Visitor<'de> for Page<'_, '_, K> {
    type Value = ListMeta;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<ListMeta, A::Error> {
        let (mut meta, mut has_items) = (None, false);
        while let Some(field) = fields.next_key::<Field>()? {
            match field {
                Field::Metadata if meta.is_some() => {
                    return Err(A::Error::duplicate_field("metadata"));
                }
                Field::Items if has_items => return Err(A::Error::duplicate_field("items")),
                Field::Metadata => meta = Some(fields.next_value()?),
                Field::Items => {
                    fields.next_value_seed(Items { each: &mut *self.each, object: PhantomData })?;
                    has_items = true;
                }
                Field::Other => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        // Whatever is no list must not pass for an empty one.
        if !has_items {
            return Err(A::Error::missing_field("items"));
        }
        meta.ok_or_else(|| A::Error::missing_field("metadata"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Field {
    Metadata,
    Items,
    #[serde(other)]
    Other,
}

/// The objects of a list.
struct Items<'e, 'a, K> {
    each: &'e mut Each<'a, K>,
    object: PhantomData<K>,
}

impl<'de, K: DeserializeOwned> DeserializeSeed<'de> for Items<'_, '_, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        // An empty list may be null.
        json.deserialize_any(self)
    }
}

impl<'de, K: DeserializeOwned> Visitor<'de> for Items<'_, '_, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("objects")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<(), A::Error> {
        while let Some(object) = objects.next_element()? {
            (self.each)(object);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, TryStreamExt as _, future::join_all};
    use k8s_openapi::api::core::v1::Namespace;

    use super::*;

    fn names(text: &str) -> (Vec<String>, serde_json::Result<ListMeta>) {
        let mut names = Vec::new();
        let read = parse(text.as_bytes(), &mut |one: Namespace| names.extend(one.metadata.name));
        (names, read)
    }

    #[test]
    fn each_object_of_a_page_is_handed_over_with_what_the_list_says() {
        let (found, page) = names(
            r#"{"kind":"NamespaceList","apiVersion":"v1","new":[{}],"items":[{"metadata":{"name":"a"}},
               {"metadata":{"name":"b"},"status":{"phase":"Active"}}],
               "metadata":{"resourceVersion":"12","continue":"next","remainingItemCount":3}}"#,
        );
        let page = page.unwrap();
        assert_eq!(found, ["a", "b"]);
        assert_eq!(page.resource_version.as_deref(), Some("12"));
        assert_eq!(page.continue_.as_deref(), Some("next"));
        for empty in [r#"{"metadata":{},"items":null}"#, r#"{"metadata":{},"items":[]}"#] {
            let (found, page) = names(empty);
            assert!(found.is_empty() && page.is_ok(), "{empty}");
        }
    }

    /// A body that begins and never ends.
    fn endless() -> impl AsyncRead {
        let begin = futures::stream::iter([Ok::<_, std::io::Error>(r#"{"items":["#)]);
        begin.chain(futures::stream::pending()).into_async_read()
    }

    #[tokio::test]
    async fn a_page_that_never_ends_is_given_up_and_holds_up_others_no_longer_than_that() {
        let limits = Limits {
            bytes: 100,
            turn: Duration::from_secs(60),
            arrival: Duration::from_millis(50),
        };
        let stuck = join_all((0..2 * AT_ONCE).map(|_| text(endless(), &limits)));
        let (stuck, other) = tokio::join!(stuck, text(&b"{}"[..], &limits));
        for page in stuck {
            let why = page.unwrap_err().to_string();
            assert!(why.contains("did not arrive within 50ms"), "{why}");
        }
        assert_eq!(other.unwrap(), b"{}");
    }

    #[tokio::test]
    async fn a_page_of_too_many_bytes_is_refused() {
        let limits = Limits { bytes: 4, ..LIMITS };
        assert_eq!(text(&b"1234"[..], &limits).await.unwrap(), b"1234");
        let why = text(&b"12345"[..], &limits).await.unwrap_err().to_string();
        assert!(why.contains("more than 4 bytes"), "{why}");
    }

    #[test]
    fn what_is_no_list_or_cannot_be_read_to_its_end_is_an_error() {
        for text in [
            r#"{"metadata":{},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":7}}]}"#,
            r#"{"metadata":{},"items":[{"metadata":{"name":"a"}}"#,
            r#"{"metadata":{},"items":[{"metadata":{"name":"a"}}]} and more"#,
            r#"{"metadata":{},"items":{}}"#,
            r#"{"kind":"Status","metadata":{},"status":"Failure","code":500}"#,
            r#"{"items":[]}"#,
            r#"{"metadata":{},"items":[],"items":[]}"#,
            r#"{"metadata":{"continue":"next"},"items":[],"metadata":{}}"#,
            "{}",
            "[]",
            "",
        ] {
            assert!(names(text).1.is_err(), "{text}");
        }
    }
}
