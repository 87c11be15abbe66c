//! An error of an AWS service: its type, its words, which kind of failure it is, and what to do about it.
//!
//! Source: botocore 1.44.8, `parsers.py` (`BaseJSONParser._do_error_parse`); the types:
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html>,
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html>. A deliberate difference: a type in the
//! header `x-amzn-ErrorType` alone is understood.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::xml::{decoded, element};
use crate::error::{Error, ErrorKind};
use crate::http::{Response, http_date};
use crate::python::json::{self, Object, Value};
use crate::secret::Redactor;

/// How far a clock may be off: AWS refuses signatures that are five minutes old.
const MAX_SKEW: Duration = Duration::from_mins(4);

/// The types that mean that nothing of the name exists.
const NOT_FOUND: &[&str] = &[
    "ResourceNotFoundException",
    "ParameterNotFound",
    "ParameterVersionNotFound",
    // Secrets Manager says so of a secret that is marked for deletion.
    "InvalidRequestException",
];

/// The types that mean that who asks, or the key that decrypts, is refused.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "UnauthorizedException",
    "AuthFailure",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "SubscriptionRequiredException",
    "DecryptionFailure",
    "InvalidKeyId",
    "KMSAccessDeniedException",
];

/// The types that mean that the access key or its token is not valid.
const CREDENTIALS: &[&str] = &[
    "UnrecognizedClient",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidToken",
];

/// The types that mean that the credentials have expired.
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException"];

/// The types that mean that the signature does not fit, which a wrong clock also causes.
const SIGNATURE: &[&str] = &[
    "InvalidSignature",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestInTheFuture",
];

/// The types that mean that the name or another part of the question is not valid.
const USAGE: &[&str] = &[
    "ValidationException",
    "ValidationError",
    "InvalidParameterException",
    "InvalidParameterValue",
    "UnknownOperationException",
    "MalformedQueryString",
];

/// The error types that mean throttling: `ThrottledRetryableChecker`.
pub(crate) const THROTTLING_CODES: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// What a service answered in place of a value.
pub(crate) struct ServiceError {
    status: u16,
    code: String,
    message: String,
    /// How far this machine's clock is behind the service's, in seconds; negative when it is ahead.
    seconds_behind: Option<i64>,
}

impl ServiceError {
    /// Reads an answer; `None` when it names no type of error, and so does not come from the service.
    pub(super) fn of(response: &Response, redactor: &Redactor, now: SystemTime) -> Option<Self> {
        let body = body_of(response);
        let code = code_in(response, body.as_ref())?;
        let message = body.as_ref().and_then(|body| {
            ["message", "Message"]
                .iter()
                .find_map(|name| body.get(*name)?.as_str())
        });
        let now = now.duration_since(UNIX_EPOCH).ok();
        let date = response.header("date").and_then(http_date);
        let seconds = |time: Duration| i64::try_from(time.as_secs()).ok();
        Some(Self {
            status: response.status,
            code: redactor.clean(&code),
            message: redactor.clean(message.unwrap_or_default()),
            seconds_behind: date
                .zip(now)
                .and_then(|(date, now)| Some(seconds(date)? - seconds(now)?)),
        })
    }

    /// Returns the type, such as `ResourceNotFoundException`.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Returns the service's words: one line without control characters and without secrets; empty when it says nothing.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the kind of failure. An unknown type means "could not tell", unless the status is a refusal.
    pub(crate) fn kind(&self) -> ErrorKind {
        let is_one_of = |codes: &[&str]| codes.contains(&self.code.as_str());
        if is_one_of(NOT_FOUND) {
            ErrorKind::NotFound
        } else if [DENIED, CREDENTIALS, EXPIRED, SIGNATURE]
            .iter()
            .any(|codes| is_one_of(codes))
        {
            ErrorKind::Denied
        } else if is_one_of(USAGE) {
            ErrorKind::Usage
        } else if matches!(self.status, 401 | 403) && !self.is_throttled() {
            ErrorKind::Denied
        } else {
            ErrorKind::Unavailable
        }
    }

    /// Whether the service refuses because of too many requests.
    fn is_throttled(&self) -> bool {
        self.status == 429 || THROTTLING_CODES.contains(&self.code.as_str())
    }

    /// Makes the error. `service` and `what` say who was asked for what: "AWS Secrets Manager", "the secret `a/b`".
    pub(crate) fn into_error(self, service: &str, what: &str) -> Error {
        let kind = self.kind();
        let Self { status, code, .. } = &self;
        let did = match kind {
            ErrorKind::NotFound => "does not have",
            ErrorKind::Denied | ErrorKind::Usage => "refused",
            _ if self.is_throttled() => "throttled the request for",
            _ => "could not answer for",
        };
        let mut error = Error::new(kind, format!("{service} {did} {what}: {code} (status {status})"));
        if !self.message.is_empty() {
            error = error.with_detail(format!("AWS says: {}", self.message));
        }
        if let Some(skew) = self.skew() {
            error = error.with_detail(skew);
        }
        match self.hint() {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// Returns how wrong this machine's clock is, if that is why a signature was refused.
    fn skew(&self) -> Option<String> {
        let seconds = self.seconds_behind?;
        let off = seconds.unsigned_abs();
        if !SIGNATURE.contains(&self.code.as_str()) || off < MAX_SKEW.as_secs() {
            return None;
        }
        let minutes = off / 60;
        let direction = if seconds > 0 { "behind" } else { "ahead of" };
        Some(format!(
            "this machine's clock is {minutes} minutes {direction} AWS's"
        ))
    }

    fn hint(&self) -> Option<&'static str> {
        let code = self.code.as_str();
        let about_kms = self.message.contains("KMS") || self.message.contains("ciphertext");
        Some(match code {
            "InvalidRequestException" => {
                "if it was deleted by mistake, restore it with `aws secretsmanager restore-secret`"
            }
            _ if EXPIRED.contains(&code) => "get new credentials, such as with `aws sso login`",
            _ if CREDENTIALS.contains(&code) => {
                "check the access key and its session token: `aws sts get-caller-identity` uses the same"
            }
            _ if SIGNATURE.contains(&code) && (self.skew().is_some() || self.says_clock()) => {
                "set this machine's clock"
            }
            _ if SIGNATURE.contains(&code) => {
                "check the secret access key, and that no proxy changes requests"
            }
            "DecryptionFailure" | "InvalidKeyId" | "KMSAccessDeniedException" => {
                "allow `kms:Decrypt` for the key that encrypts it, and check that the key is enabled"
            }
            "OptInRequired" | "SubscriptionRequiredException" => {
                "check the region: the account may not have it enabled"
            }
            "UnknownOperationException" => "check the endpoint: it may belong to another service",
            _ if self.is_throttled() => "try again later; `AWS_MAX_ATTEMPTS` sets how often it is asked",
            _ => match self.kind() {
                ErrorKind::Denied if about_kms => "allow `kms:Decrypt` for the key that encrypts it",
                ErrorKind::Denied => {
                    "allow the action in the policy of who asks; `aws sts get-caller-identity` says who that is"
                }
                ErrorKind::Unavailable if self.status >= 500 => "try again later",
                _ => return None,
            },
        })
    }

    /// Whether the words blame the time of the signature, with or without a `Date` to compare.
    fn says_clock(&self) -> bool {
        self.message.contains("Signature expired")
            || self.message.contains("Signature not yet current")
            || matches!(
                self.code.as_str(),
                "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture"
            )
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceError")
            .field("status", &self.status)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

/// Returns the type of error that an answer names, in JSON or in the XML of STS.
pub(super) fn code_of(response: &Response) -> Option<String> {
    code_in(response, body_of(response).as_ref())
        .or_else(|| element(response.body.expose_text()?, "Code").map(decoded))
}

/// Returns the JSON object of an answer.
fn body_of(response: &Response) -> Option<Object> {
    match json::loads(response.body.expose_text()?) {
        Ok(Value::Object(body)) => Some(body),
        _ => None,
    }
}

/// Returns the type in the body's `__type`, else in the header `x-amzn-ErrorType`: before `:`, and after `#`.
fn code_in(response: &Response, body: Option<&Object>) -> Option<String> {
    let in_body = body.and_then(|body| body.get("__type")?.as_str());
    let name = in_body.or_else(|| response.header("x-amzn-errortype"))?;
    let name = name.split(':').next().unwrap_or_default();
    let name = name.rsplit('#').next().unwrap_or_default().trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        Response {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Secret::from(body),
        }
    }

    fn error(status: u16, body: &str) -> ServiceError {
        let response = answer(status, &[], body);
        ServiceError::of(&response, &Redactor::default(), UNIX_EPOCH).expect("an error")
    }

    #[test]
    fn a_type_stands_between_a_hash_and_a_colon() {
        for (body, header, code) in [
            (
                r#"{"__type":"ParameterNotFound"}"#,
                None,
                Some("ParameterNotFound"),
            ),
            (r#"{"__type":"com.amazon#A:http://x#y"}"#, None, Some("A")),
            (r#"{"__type":"a#b#C"}"#, Some("D"), Some("C")),
            ("{}", Some("E:http://internal.amazon.com/"), Some("E")),
            ("<html>", Some("F"), Some("F")),
            ("<html>", None, None),
            (r#"{"__type":7}"#, None, None),
            (r#"{"__type":""}"#, None, None),
            ("[]", None, None),
        ] {
            let headers: Vec<(&str, &str)> = header
                .map(|value| ("x-amzn-errortype", value))
                .into_iter()
                .collect();
            assert_eq!(code_of(&answer(400, &headers, body)).as_deref(), code, "{body}");
        }
    }

    #[test]
    fn the_kind_follows_from_the_type_and_then_from_the_status() {
        for (code, status, kind) in [
            ("ResourceNotFoundException", 400, ErrorKind::NotFound),
            ("ParameterNotFound", 400, ErrorKind::NotFound),
            ("AccessDeniedException", 400, ErrorKind::Denied),
            ("ExpiredTokenException", 400, ErrorKind::Denied),
            ("UnrecognizedClientException", 400, ErrorKind::Denied),
            ("InvalidSignatureException", 400, ErrorKind::Denied),
            ("IncompleteSignature", 403, ErrorKind::Denied),
            ("OptInRequired", 403, ErrorKind::Denied),
            ("DecryptionFailure", 400, ErrorKind::Denied),
            ("InvalidKeyId", 400, ErrorKind::Denied),
            ("ValidationException", 400, ErrorKind::Usage),
            ("InvalidParameterException", 400, ErrorKind::Usage),
            ("InternalServiceError", 500, ErrorKind::Unavailable),
            ("ThrottlingException", 400, ErrorKind::Unavailable),
            ("ThrottlingException", 403, ErrorKind::Unavailable),
            ("SomethingNew", 400, ErrorKind::Unavailable),
            ("SomethingNew", 403, ErrorKind::Denied),
        ] {
            let error = error(status, &format!(r#"{{"__type":"{code}"}}"#));
            assert_eq!(error.kind(), kind, "{code} {status}");
        }
    }

    #[test]
    fn a_wrong_clock_is_said_with_its_distance() {
        let body = r#"{"__type":"InvalidSignatureException","message":"Signature expired: 20260102T030405Z is now earlier than 20260102T031505Z"}"#;
        let date = [("date", "Fri, 02 Jan 2026 03:20:05 GMT")];
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        for (now, words) in [
            (1_767_323_045, Some("16 minutes behind")),
            (1_767_323_045 + 3_600, Some("44 minutes ahead of")),
            (1_767_323_045 + 960, None),
        ] {
            let error =
                ServiceError::of(&answer(400, &date, body), &Redactor::default(), at(now)).expect("an error");
            let error = error.into_error("AWS", "the secret `a`");
            let detail = error.details().iter().find(|line| line.contains("clock"));
            match words {
                Some(words) => assert!(
                    detail.is_some_and(|line| line.contains(words)),
                    "{:?}",
                    error.details()
                ),
                None => assert_eq!(detail, None),
            }
            assert_eq!(error.hint(), Some("set this machine's clock"));
        }
    }

    #[test]
    fn words_are_shown_without_secrets() {
        let mut redactor = Redactor::default();
        redactor.add(Secret::from("hunter2hunter2"));
        let response = answer(
            400,
            &[],
            r#"{"__type":"X","Message":"no\nhunter2hunter2\u001b[31m"}"#,
        );
        let error = ServiceError::of(&response, &redactor, UNIX_EPOCH).expect("an error");
        assert_eq!(error.message(), "no [redacted][31m");
    }
}
