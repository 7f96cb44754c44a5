//! A stream of JSON lines.

use std::{collections::VecDeque, marker::PhantomData};

use reqwest::Response;
use serde::de::DeserializeOwned;
use souk_gateway::body::ErrorBody;

use super::GatewayError;

/// A longer line is an error, not a reason to fill the memory.
const MAX_LINE: usize = 4 << 20;

/// Values that a gateway sends as they come.
#[derive(Debug)]
pub struct Lines<T> {
    answer: Response,
    partial: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
    of: PhantomData<T>,
}

impl<T: DeserializeOwned> Lines<T> {
    pub(super) fn new(answer: Response) -> Self {
        Self { answer, partial: Vec::new(), ready: VecDeque::new(), of: PhantomData }
    }

    /// The next value; `None` when the gateway ends the stream.
    ///
    /// # Errors
    /// [`GatewayError::Unreachable`] if the stream breaks off, [`GatewayError::Line`] for a line
    /// that is too long or no value, [`GatewayError::Refused`] if the gateway ends it with an
    /// error.
    pub async fn next(&mut self) -> Result<Option<T>, GatewayError> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return read(&line).map(Some);
            }
            let uri = self.answer.url().to_string();
            let chunk = self.answer.chunk().await;
            match chunk.map_err(|error| GatewayError::unreachable(&uri, &error))? {
                Some(bytes) => self.feed(&bytes)?,
                None if self.partial.is_empty() => return Ok(None),
                None => self.ready.push_back(std::mem::take(&mut self.partial)),
            }
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), GatewayError> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if self.partial.ends_with(b"\n") {
                let line = std::mem::take(&mut self.partial);
                if line.len() > 1 {
                    self.ready.push_back(line);
                }
            }
        }
        if self.partial.len() > MAX_LINE {
            return Err(GatewayError::Line(format!("longer than {MAX_LINE} bytes")));
        }
        Ok(())
    }
}

/// A line is a value, or the error that ended the stream.
fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, GatewayError> {
    serde_json::from_slice(line).map_err(|error| match serde_json::from_slice::<ErrorBody>(line) {
        Ok(body) => GatewayError::refused(200, body),
        Err(_) => GatewayError::Line(error.to_string()),
    })
}
