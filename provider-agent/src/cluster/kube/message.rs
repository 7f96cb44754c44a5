//! What an error of the API says, in the words of whoever said it.

use std::error::Error as _;

/// Why a request failed: the API server's own message, or what kept it from being asked.
pub fn message(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("{} (HTTP {})", status.reason, status.code),
        other => {
            let mut texts = vec![other.to_string()];
            let mut cause = other.source();
            while let Some(error) = cause {
                let text = error.to_string();
                // Most layers repeat the one below.
                if !texts.iter().any(|known| known.contains(&text)) {
                    texts.push(text);
                }
                cause = error.source();
            }
            texts.join(": ")
        }
    }
}

/// Whether the API server refused, and did not just fail to answer.
pub fn is_refusal(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code != 429 && status.code < 500)
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn a_refusal_is_said_in_the_words_of_the_api_server() {
        let denied =
            "admission webhook \"validate.nginx.ingress.kubernetes.io\" denied the request";
        let status = Status::failure(denied, "BadRequest").with_code(400);
        let error = kube::Error::Api(status.boxed());
        assert_eq!(message(&error), denied);
        assert!(is_refusal(&error));
        let bare = kube::Error::Api(Status::failure("", "InternalError").with_code(500).boxed());
        assert_eq!(message(&bare), "InternalError (HTTP 500)");
        assert!(!is_refusal(&bare));
    }

    #[test]
    fn what_is_below_an_error_is_said_once() {
        let below = std::io::Error::other("connection refused");
        let error = kube::Error::Service(Box::new(below));
        assert_eq!(message(&error), "ServiceError: connection refused");
    }
}
