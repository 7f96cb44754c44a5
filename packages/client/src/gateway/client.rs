//! Calls of a provider's gateway.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use souk_core::OrderId;
use souk_gateway::{
    Pin,
    body::{
        ClusterEvent, ErrorBody, EventQuery, LeaseStatus, LogLine, LogQuery, ManifestUpload,
        OrderReason, ProviderStatus, VersionInfo,
    },
    pin::tls_config,
    presence::Presence,
    prices::Prices,
    quote::{QuotesRequest, QuotesResponse},
    route,
};

use super::{GatewayError, Lines};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The most that is read of an answer: the gateway is somebody else's machine.
const LONGEST_ANSWER: usize = 16 << 20;
/// The most that is read of prices: those for 20 groups, or all that a provider asks for. Many strangers are asked at once.
const LONGEST_PRICES: usize = 256 << 10;
/// The most that is read of a refusal.
const LONGEST_REFUSAL: usize = 64 << 10;

/// Speaks to one gateway.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    uri: String,
    token: Option<String>,
    /// How long an answer may take to begin.
    timeout: Duration,
}

impl Client {
    /// A client for the gateway at `uri`, known by `pins` if there are any. No proxy and no
    /// redirects: the token is for this gateway alone.
    ///
    /// # Errors
    /// [`GatewayError::Tls`] if TLS cannot be set up; [`GatewayError::Unreachable`] if there can be
    /// no HTTP client.
    pub fn new(uri: &str, pins: &[Pin]) -> Result<Self, GatewayError> {
        let tls = tls_config(pins).map_err(|error| GatewayError::Tls(error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| GatewayError::unreachable(uri, &error))?;
        let uri = uri.trim_end_matches('/').to_owned();
        Ok(Self { http, uri, token: None, timeout: ANSWER_TIMEOUT })
    }

    /// The same client with a token for the routes that want one.
    #[must_use]
    pub fn with_token(mut self, token: String) -> Self {
        self.token = Some(token);
        self
    }

    /// Who answers.
    ///
    /// # Errors
    /// [`GatewayError::Unreachable`], or [`GatewayError::Answer`] if it is not a gateway of this
    /// version.
    pub async fn version(&self) -> Result<VersionInfo, GatewayError> {
        self.json(self.request(Method::GET, route::VERSION)).await
    }

    /// How busy the provider is.
    ///
    /// # Errors
    /// [`GatewayError::Unreachable`], [`GatewayError::Refused`], or [`GatewayError::Answer`] if the
    /// answer cannot be read.
    pub async fn status(&self) -> Result<ProviderStatus, GatewayError> {
        self.json(self.request(Method::GET, route::STATUS)).await
    }

    /// The provider's word that it is there, as it came: see [`super::word`] for whether it counts.
    ///
    /// # Errors
    /// [`GatewayError::Absent`] if the gateway has no such route; [`GatewayError::Refused`] if it has no word now;
    /// [`GatewayError::Unreachable`], or [`GatewayError::Answer`] if the answer cannot be read.
    pub async fn presence(&self) -> Result<Presence, GatewayError> {
        self.json(self.request(Method::GET, route::PRESENCE)).await
    }

    /// Prices for groups that are on no chain, as they came: see [`crate::quoting`] for whether they count. Signed ones
    /// need a token.
    ///
    /// # Errors
    /// [`GatewayError::Absent`] if the provider gives no quotes; [`GatewayError::Refused`] with the reason;
    /// [`GatewayError::Unreachable`], or [`GatewayError::Answer`] if the answer cannot be read or is too long.
    pub async fn quotes(&self, asked: &QuotesRequest) -> Result<QuotesResponse, GatewayError> {
        self.short(self.request(Method::POST, route::QUOTES).json(asked)).await
    }

    /// What the provider asks for and has free, in public.
    ///
    /// # Errors
    /// [`GatewayError::Absent`] if the gateway has no such route; [`GatewayError::Unreachable`],
    /// [`GatewayError::Refused`], or [`GatewayError::Answer`] if the answer cannot be read or is too long.
    pub async fn prices(&self) -> Result<Prices, GatewayError> {
        self.short(self.request(Method::GET, route::PRICES)).await
    }

    /// Sends a lease's manifest. A gateway that has not seen the lease yet answers with
    /// [`GatewayError::is_too_early`]; try again.
    ///
    /// # Errors
    /// [`GatewayError::Refused`] with the reason: not the lease's tenant, another version than the
    /// chain has, names that are taken; [`GatewayError::Unreachable`].
    pub async fn send_manifest(
        &self,
        order: OrderId,
        upload: &ManifestUpload,
    ) -> Result<(), GatewayError> {
        let request = self.request(Method::PUT, &route::path(route::MANIFEST, order)).json(upload);
        self.answer(request.timeout(ANSWER_TIMEOUT)).await.map(drop)
    }

    /// The manifest that the provider runs.
    ///
    /// # Errors
    /// [`GatewayError::Absent`] if it has none; [`GatewayError::Refused`] unless the token is the
    /// tenant's; [`GatewayError::Unreachable`].
    pub async fn manifest(&self, order: OrderId) -> Result<ManifestUpload, GatewayError> {
        self.json(self.request(Method::GET, &route::path(route::MANIFEST, order))).await
    }

    /// Where a lease stands.
    ///
    /// # Errors
    /// [`GatewayError::Absent`] if it knows no such lease; [`GatewayError::Refused`] unless the
    /// token is the tenant's; [`GatewayError::Unreachable`].
    pub async fn lease_status(&self, order: OrderId) -> Result<LeaseStatus, GatewayError> {
        self.json(self.request(Method::GET, &route::path(route::LEASE_STATUS, order))).await
    }

    /// Orders the deletion of the volumes that are kept of a lease that ended. It is no error if there are
    /// none any more.
    ///
    /// # Errors
    /// [`GatewayError::Absent`] if it knows no such lease; [`GatewayError::Refused`] if the lease runs, or
    /// unless the token is the tenant's; [`GatewayError::Unreachable`].
    pub async fn delete_volumes(&self, order: OrderId) -> Result<(), GatewayError> {
        let request = self.request(Method::DELETE, &route::path(route::VOLUMES, order));
        self.answer(request.timeout(ANSWER_TIMEOUT)).await.map(drop)
    }

    /// Why the provider did not bid.
    ///
    /// # Errors
    /// [`GatewayError::Absent`] if it knows no such order; [`GatewayError::Refused`] unless the
    /// token is the tenant's; [`GatewayError::Unreachable`].
    pub async fn reason(&self, order: OrderId) -> Result<OrderReason, GatewayError> {
        self.json(self.request(Method::GET, &route::path(route::REASON, order))).await
    }

    /// A lease's logs, line by line.
    ///
    /// # Errors
    /// [`GatewayError::Absent`] if it knows no such lease; [`GatewayError::Refused`] unless the
    /// token is the tenant's; [`GatewayError::Unreachable`]. Later ones come from [`Lines::next`].
    pub async fn logs(
        &self,
        order: OrderId,
        query: &LogQuery,
    ) -> Result<Lines<LogLine>, GatewayError> {
        self.lines(route::LOGS, order, query).await
    }

    /// A lease's Kubernetes events, one by one.
    ///
    /// # Errors
    /// [`GatewayError::Absent`] if it knows no such lease; [`GatewayError::Refused`] unless the
    /// token is the tenant's; [`GatewayError::Unreachable`]. Later ones come from [`Lines::next`].
    pub async fn events(
        &self,
        order: OrderId,
        query: &EventQuery,
    ) -> Result<Lines<ClusterEvent>, GatewayError> {
        self.lines(route::EVENTS, order, query).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.uri));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn lines<Q: Serialize, T: DeserializeOwned>(
        &self,
        route: &str,
        order: OrderId,
        query: &Q,
    ) -> Result<Lines<T>, GatewayError> {
        // Once it has begun a followed stream lasts as long as the lease or the token.
        let request = self.request(Method::GET, &route::path(route, order)).query(query);
        Ok(Lines::new(self.answer(request).await?))
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, GatewayError> {
        self.up_to(request, LONGEST_ANSWER).await
    }

    async fn short<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, GatewayError> {
        self.up_to(request, LONGEST_PRICES).await
    }

    /// An answer of this many bytes at most.
    async fn up_to<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        most: usize,
    ) -> Result<T, GatewayError> {
        let answer = self.answer(request.timeout(ANSWER_TIMEOUT)).await?;
        let body = read(answer, most).await?;
        serde_json::from_slice(&body).map_err(|error| GatewayError::Answer(error.to_string()))
    }

    /// An answer that has begun.
    async fn answer(&self, request: RequestBuilder) -> Result<Response, GatewayError> {
        let begun = async {
            let sent = request.send().await;
            let answer = sent.map_err(|error| GatewayError::unreachable(&self.uri, &error))?;
            if answer.status().is_success() {
                return Ok(answer);
            }
            Err(refusal(answer).await)
        };
        tokio::time::timeout(self.timeout, begun).await.unwrap_or_else(|_| {
            let cause = format!("no answer within {} s", self.timeout.as_secs());
            Err(GatewayError::Unreachable { uri: self.uri.clone(), cause })
        })
    }
}

async fn refusal(answer: Response) -> GatewayError {
    let status: StatusCode = answer.status();
    let text = match read(answer, LONGEST_REFUSAL).await {
        Ok(body) => String::from_utf8_lossy(&body).into_owned(),
        Err(error) => error.to_string(),
    };
    let body = serde_json::from_str(&text).unwrap_or_else(|_| ErrorBody {
        code: "unknown".to_owned(),
        message: text.chars().take(500).collect(),
    });
    GatewayError::refused(status.as_u16(), body)
}

/// A body of at most `most` bytes.
async fn read(mut answer: Response, most: usize) -> Result<Vec<u8>, GatewayError> {
    let uri = answer.url().to_string();
    let mut body = Vec::new();
    loop {
        let chunk = answer.chunk().await;
        let chunk = chunk.map_err(|error| GatewayError::unreachable(&uri, &error))?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() + chunk.len() > most {
            return Err(GatewayError::Answer(format!("it is longer than {most} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Response {
        http::Response::new(body.to_owned()).into()
    }

    #[tokio::test]
    async fn an_answer_is_read_to_its_limit_and_no_further() {
        assert_eq!(read(answer("12345"), 5).await.unwrap(), b"12345");
        let error = read(answer("123456"), 5).await.unwrap_err();
        assert!(matches!(error, GatewayError::Answer(_)), "{error}");
    }

    /// A gateway that takes requests and says nothing, and its pin.
    async fn silent() -> (String, Pin) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let pin = Pin::of_certificate(made.cert.der()).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("https://{}", listener.local_addr().unwrap());
        let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(tls));
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(acceptor.accept(stream).await);
            }
        });
        (uri, pin)
    }

    #[tokio::test]
    async fn an_answer_that_does_not_begin_is_not_awaited_even_for_a_stream() {
        let (uri, pin) = silent().await;
        let client = Client::new(&uri, &[pin]).unwrap();
        let client = Client { timeout: Duration::from_millis(300), ..client };
        let query = LogQuery::default();
        let asked = client.logs(OrderId(1), &query);
        let asked = tokio::time::timeout(Duration::from_secs(60), asked).await.unwrap();
        let error = asked.unwrap_err();
        assert!(error.to_string().contains("no answer"), "{error}");
    }

    #[tokio::test]
    async fn a_refusal_without_the_gateways_form_is_cut_short() {
        let long = "x".repeat(LONGEST_REFUSAL);
        let GatewayError::Refused { body, .. } = refusal(answer(&long)).await else { panic!() };
        assert_eq!((body.code.as_str(), body.message.len()), ("unknown", 500));
    }
}
