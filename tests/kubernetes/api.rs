//! An API server as far as listing secrets needs it: label selectors, and the answers of kube-apiserver 1.36.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::support::server::{Recorded, Reply};

/// A secret: its namespace, its labels and its data.
#[derive(Clone, Debug)]
pub struct Held {
    pub namespace: String,
    pub labels: Vec<(String, String)>,
    pub data: Vec<(String, Vec<u8>)>,
}

impl Held {
    /// Creates a secret of the namespace `airflow` with one label and one value.
    pub fn new(label: &str, id: &str, value: &str) -> Self {
        Self {
            namespace: "airflow".to_owned(),
            labels: vec![(label.to_owned(), id.to_owned())],
            data: vec![("value".to_owned(), value.into())],
        }
    }

    fn label(&self, key: &str) -> Option<&str> {
        let mut labels = self.labels.iter();
        labels
            .find(|(label, _)| label == key)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the secret as the API server lists it, created by curl.
    fn json(&self, number: usize) -> Value {
        const TIME: &str = "2026-11-26T19:46:36Z";
        let labels: Map<_, _> = self.labels.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        let data: Map<_, _> = self
            .data
            .iter()
            .map(|(key, value)| (key.clone(), json!(STANDARD.encode(value))))
            .collect();
        let fields = |object: &Map<String, Value>| -> Value {
            let names = object.keys().map(|key| (format!("f:{key}"), json!({})));
            [(".".to_owned(), json!({}))]
                .into_iter()
                .chain(names)
                .collect::<Map<_, _>>()
                .into()
        };
        let mut managed = json!({"f:metadata": {"f:labels": fields(&labels)}, "f:type": {}});
        if !data.is_empty() {
            managed["f:data"] = fields(&data);
        }
        let mut secret = json!({
            "metadata": {
                "name": format!("s{number}"), "namespace": self.namespace, "uid": format!("b1c1518d-00a1-4752-a717-{number:012}"),
                "resourceVersion": "209", "creationTimestamp": TIME, "labels": labels,
                "managedFields": [{
                    "manager": "curl", "operation": "Update", "apiVersion": "v1", "time": TIME, "fieldsType": "FieldsV1",
                    "fieldsV1": managed,
                }],
            },
        });
        if !data.is_empty() {
            secret["data"] = data.into();
        }
        secret["type"] = "Opaque".into();
        secret
    }
}

/// Answers a request with those of `secrets` that it asks for.
pub fn answer(request: &Recorded, secrets: &[Held]) -> Reply {
    let accept = request.header("accept").unwrap_or_default();
    let (status, body) = answer_to(&request.target, accept, secrets);
    reply(status, &body)
}

/// Returns the status and the body of the answer to a GET with this `Accept` header.
pub fn answer_to(target: &str, accept: &str, secrets: &[Held]) -> (u16, Value) {
    let url = url::Url::parse(&format!("http://h{target}")).unwrap();
    let path: Vec<String> = url.path_segments().unwrap().map(decoded).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["api", "v1", "namespaces", namespace, "secrets"] = path.as_slice() else {
        let message = "the server could not find the requested resource";
        return (404, status_body(404, "NotFound", message));
    };
    let selector = url.query_pairs().find(|(name, _)| name == "labelSelector");
    let selector = selector.map_or_else(String::new, |(_, selector)| selector.into_owned());
    let requirements: Option<Vec<Requirement>> = selector.split(',').map(Requirement::parse).collect();
    let Some(requirements) = requirements else {
        let message = "unable to parse requirement: found '=', expected: identifier";
        return (400, status_body(400, "BadRequest", message));
    };
    let numbered = secrets.iter().enumerate();
    let items: Vec<Value> = numbered
        .filter(|(_, held)| held.namespace == *namespace && requirements.iter().all(|one| one.holds(held)))
        .map(|(number, held)| held.json(number))
        .collect();
    if !accept.contains("as=PartialObjectMetadataList") {
        return (200, list_body(&items.into()));
    }
    // Without data, in pages of two.
    let start = url.query_pairs().find(|(name, _)| name == "continue");
    let start: usize = start.map_or(0, |(_, token)| token.parse().unwrap());
    let end = items.len().min(start + 2);
    let page: Vec<Value> = items[start..end]
        .iter()
        .map(|item| json!({"metadata": item["metadata"]}))
        .collect();
    let next = if end < items.len() {
        end.to_string()
    } else {
        String::new()
    };
    (
        200,
        json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {"continue": next}, "items": page}),
    )
}

/// Answers with a list of secrets.
pub fn list(items: &Value) -> Reply {
    reply(200, &list_body(items))
}

/// Answers with a status of the API.
pub fn status(code: u16, reason: &str, message: &str) -> Reply {
    reply(code, &status_body(code, reason, message))
}

fn reply(status: u16, body: &Value) -> Reply {
    // Its encoder ends every value with a line feed.
    Reply::json(status, Value::Null)
        .header("Cache-Control", "no-cache, private")
        .body(format!("{body}\n"))
}

fn list_body(items: &Value) -> Value {
    json!({"kind": "SecretList", "apiVersion": "v1", "metadata": {"resourceVersion": "209"}, "items": items})
}

fn status_body(code: u16, reason: &str, message: &str) -> Value {
    let mut body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason});
    match code {
        403 => body["details"] = json!({"kind": "secrets"}),
        404 => body["details"] = json!({}),
        504 => {
            let cause = json!({"reason": "ResourceVersionTooLarge", "message": "Too large resource version"});
            body["details"] = json!({"causes": [cause], "retryAfterSeconds": 1});
        }
        _ => {}
    }
    body["code"] = code.into();
    body
}

/// Answers a credential that may not list secrets in the namespace `airflow`.
pub fn forbidden() -> Reply {
    let message = "secrets is forbidden: User \"system:serviceaccount:airflow:x\" cannot list resource \"secrets\" in API group \"\" in \
                   the namespace \"airflow\"";
    status(403, "Forbidden", message)
}

/// Answers a credential that is not known.
pub fn unauthorized() -> Reply {
    status(401, "Unauthorized", "Unauthorized")
}

fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

/// A requirement of a label selector.
struct Requirement {
    key: String,
    is: Is,
}

enum Is {
    There,
    Absent,
    Equal(String),
    Other(String),
}

impl Requirement {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        let (key, is) = if let Some(key) = text.strip_prefix('!') {
            (key.trim_matches(' '), Is::Absent)
        } else if let Some((key, value)) = text.split_once("!=") {
            (key, Is::Other(value.to_owned()))
        } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
            (key, Is::Equal(value.to_owned()))
        } else {
            (text, Is::There)
        };
        let of = |text: &str, more: &str| {
            text.chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        let at_ends = |text: &str| {
            let is_end = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
            is_end(text.chars().next()) && is_end(text.chars().next_back())
        };
        let name = key.rsplit('/').next().unwrap_or_default();
        let is_key = !name.is_empty()
            && name.len() <= 63
            && of(key, "-._/")
            && at_ends(name)
            && key.split('/').count() < 3;
        let is_value = match &is {
            Is::Equal(value) | Is::Other(value) => value.len() <= 63 && of(value, "-._") && at_ends(value),
            _ => true,
        };
        (is_key && is_value).then(|| Self {
            key: key.to_owned(),
            is,
        })
    }

    fn holds(&self, held: &Held) -> bool {
        match (&self.is, held.label(&self.key)) {
            (Is::There, value) => value.is_some(),
            (Is::Absent, value) => value.is_none(),
            (Is::Equal(wanted), value) => value == Some(wanted),
            (Is::Other(unwanted), value) => value != Some(unwanted),
        }
    }
}
