//! What Secret Manager's errors mean: `error.status` decides, and the reason in its details chooses the hint.
//!
//! Only these two identifiers are shown: the words of an answer could repeat anything. Sources:
//! <https://cloud.google.com/apis/design/errors>, <https://cloud.google.com/secret-manager/docs/reference/rest>.

use crate::cloud::services::text;
use crate::error::{Error, Result};
use crate::python::json::{Object, Value};
use crate::value::Answer;

/// Returns the meaning of an answer with another status than 200.
///
/// # Errors
/// Everything except a secret that is not there.
pub(super) fn meaning(project: &str, name: &str, http_status: u16, answer: &Object) -> Result<Answer> {
    let secret = format!("secret `{name}` of project `{project}`");
    match failed(project, &secret, http_status, answer) {
        Some(error) => Err(error),
        None => Ok(Answer::ABSENT),
    }
}

/// Returns the error of a failure; `None` where nothing is there. `secret` is what was asked for, for messages.
pub(super) fn failed(project: &str, secret: &str, http_status: u16, answer: &Object) -> Option<Error> {
    let Some(Value::Object(error)) = answer.get("error") else {
        let error = Error::unavailable(format!(
            "Google Secret Manager answered with status {http_status} and without an error of its own"
        ));
        return Some(error.with_hint("a proxy or a gateway may have answered instead; check `HTTPS_PROXY`"));
    };
    let status = text(error, "status").filter(|status| is_identifier(status));
    let reason = reason(error);
    let error = match (status, http_status) {
        (Some("NOT_FOUND"), _) => return None,
        (Some("PERMISSION_DENIED"), _) | (None, 403) => denied(project, secret, reason),
        (Some("UNAUTHENTICATED"), _) | (None, 401) => {
            Error::denied("Google Secret Manager refused the token of the credentials")
                .with_hint("check the credentials, and this machine's clock")
        }
        (Some("FAILED_PRECONDITION"), _) => Error::denied(format!(
            "the latest version of {secret} is disabled or destroyed"
        ))
        .with_hint("enable that version or add a new one: Airflow reads the newest version, enabled or not"),
        (Some("INVALID_ARGUMENT"), _) => Error::usage(format!(
            "Google Secret Manager does not accept the name of {secret}"
        ))
        .with_hint("check the kwarg `project_id`, or the project of the credentials"),
        (Some("RESOURCE_EXHAUSTED"), _) | (None, 429) => {
            Error::unavailable("Google Secret Manager is throttling requests")
                .with_hint("try again later, or raise the project's quota of access requests")
        }
        (Some("UNAVAILABLE" | "INTERNAL" | "DEADLINE_EXCEEDED" | "UNKNOWN" | "ABORTED"), _) | (_, 500..) => {
            Error::unavailable(format!("Google Secret Manager failed (status {http_status})"))
                .with_hint("try again later: the fault is in Google Cloud, or in a gateway before it")
        }
        _ => Error::unavailable(format!(
            "Google Secret Manager answered with status {http_status}"
        )),
    };
    let words: Vec<&str> = [status, reason].into_iter().flatten().collect();
    Some(match words.as_slice() {
        [] => error,
        words => error.with_detail(format!("its error is {}", words.join(", "))),
    })
}

/// Whether an answer says that the project is at fault, and not the secret.
pub(super) fn is_about_project(answer: &Object) -> bool {
    match answer.get("error") {
        Some(Value::Object(error)) => matches!(reason(error), Some("CONSUMER_INVALID" | "SERVICE_DISABLED")),
        _ => false,
    }
}

/// Returns the error of a denied permission.
fn denied(project: &str, secret: &str, reason: Option<&str>) -> Error {
    let (what, hint) = match reason {
        Some("SERVICE_DISABLED") => (
            format!("the Secret Manager API is switched off in project `{project}`, or it may not exist"),
            "switch it on with `gcloud services enable secretmanager.googleapis.com`".to_owned(),
        ),
        Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT") => (
            format!("the token's scopes do not allow to read {secret}, or it may not exist"),
            "the scope is `https://www.googleapis.com/auth/cloud-platform`: check `gcp_scopes`, and the scopes of the machine"
                .to_owned(),
        ),
        Some("CONSUMER_INVALID") => (
            format!("there is no project `{project}`, or this identity may not use it"),
            "check the kwarg `project_id`, or the project of the credentials".to_owned(),
        ),
        Some("USER_PROJECT_DENIED") => (
            format!("the quota project may not be used to read {secret}, or it may not exist"),
            "check `GOOGLE_CLOUD_QUOTA_PROJECT`, and the `quota_project_id` of the credentials".to_owned(),
        ),
        _ => (
            format!("this identity may not read {secret}, or it may not exist"),
            "check the name and the project; the identity needs the role `Secret Manager Secret Accessor`".to_owned(),
        ),
    };
    Error::denied(format!("Google Secret Manager: {what}")).with_hint(hint)
}

/// Returns the reason in an error's details.
fn reason(error: &Object) -> Option<&str> {
    let details = error.get("details")?.as_list()?.iter();
    let mut reasons = details.filter_map(|detail| text(detail.as_object()?, "reason"));
    reasons.find(|reason| is_identifier(reason))
}

/// Whether `text` is a constant's name, which holds no secret and can be shown.
fn is_identifier(text: &str) -> bool {
    (1..=63).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json::loads;

    fn status(http_status: u16, json: &str) -> Option<u8> {
        let Ok(Value::Object(answer)) = loads(json) else {
            panic!("an object")
        };
        match meaning("p", "s", http_status, &answer) {
            Ok(_) => None,
            Err(error) => Some(error.kind().exit_status()),
        }
    }

    #[test]
    fn the_status_of_the_error_decides_and_not_that_of_the_answer() {
        for (http_status, name, expected) in [
            (404, "NOT_FOUND", None),
            (403, "PERMISSION_DENIED", Some(4)),
            (400, "INVALID_ARGUMENT", Some(2)),
            (400, "FAILED_PRECONDITION", Some(4)),
            (401, "UNAUTHENTICATED", Some(4)),
            (429, "RESOURCE_EXHAUSTED", Some(5)),
            (503, "UNAVAILABLE", Some(5)),
            (500, "INTERNAL", Some(5)),
            (404, "SOMETHING_ELSE", Some(5)),
        ] {
            let json =
                format!(r#"{{"error": {{"code": {http_status}, "status": "{name}", "message": "m"}}}}"#);
            assert_eq!(status(http_status, &json), expected, "{name}");
        }
    }

    #[test]
    fn an_answer_without_a_status_is_never_absent() {
        for json in [
            "{}",
            r#"{"error": "NOT_FOUND"}"#,
            r#"{"error": {}}"#,
            r#"{"error": {"status": "not found"}}"#,
        ] {
            assert_eq!(status(404, json), Some(5), "{json}");
        }
        assert_eq!(status(403, r#"{"error": {"code": 403}}"#), Some(4));
    }
}
