//! Airflow in the fuzzer's own process. With the feature `airflow`, the result of each input is compared with the answer of the
//! judge of `tests/parity`. Without the feature, nothing is compared.
//!
//! Deliberate differences are skipped by rule, never by example. Each rule names its line of `tests/parity/differences.jsonl`, or
//! the sentence of the module's documentation.

use serde_json::{Value, json};

#[cfg(feature = "airflow")]
mod judge;

#[cfg(not(feature = "airflow"))]
mod judge {
    use serde_json::Value;

    pub fn ask(_: &Value) -> Value {
        unreachable!("nothing is asked without Airflow")
    }
}

#[path = "../../connection/ours.rs"]
pub mod connection_answers;
#[path = "../../local/yaml_ours.rs"]
pub mod yaml_answers;

/// Whether Airflow is available.
const ASKS: bool = cfg!(feature = "airflow");

/// Compares the result of a domain of `tests/connection` for `input`.
pub fn connection(domain: &str, input: impl FnOnce() -> Value) {
    if !ASKS {
        return;
    }
    let input = input();
    let theirs =
        judge::ask(&json!({"op": "connection.check", "domain": domain, "inputs": [input]}))[0].take();
    let ours = connection_answers::answer(domain, &input);
    if !connection_answers::agree(&input, &theirs, &ours) {
        disagree(&input, &theirs, &ours);
    }
}

/// Compares the result of a connection's text.
pub fn text(text: &str) {
    connection("text", || json!({"id": "c", "value": text}));
    // A local file's text is never empty.
    if !text.is_empty() {
        connection("uri", || json!({"id": "c", "value": text}));
    }
}

/// Compares the result of a connection's object.
pub fn object(text: &str) {
    for domain in ["fields", "arguments"] {
        connection(domain, || json!({"id": "c", "value": text}));
    }
}

/// Compares YAML, including the types of all values.
pub fn yaml(text: &str) {
    if !ASKS {
        return;
    }
    let theirs = judge::ask(&json!({"op": "local.yaml", "text": text}));
    let ours = yaml_answers::answer(text);
    if ours != theirs {
        disagree(&json!(text), &theirs, &ours);
    }
}

/// Compares the words of a command line, if it is UTF-8: Python splits only text.
pub fn words(line: &[u8]) {
    let Some(line) = std::str::from_utf8(line).ok().filter(|_| ASKS) else {
        return;
    };
    let theirs = judge::ask(&json!({"op": "settings.shlex", "line": line}));
    let ours = match secretctl::python::shlex::split(line.as_bytes()) {
        Ok(words) => words.iter().map(|word| String::from_utf8_lossy(word)).collect(),
        Err(error) => json!({"error": error.to_string()}),
    };
    let same = match (&ours, &theirs) {
        (Value::Object(_), Value::Object(_)) => true,
        (ours, theirs) => ours == theirs,
    };
    if !same {
        disagree(&json!(line), &theirs, &ours);
    }
}

/// Compares all options of an `airflow.cfg`.
pub fn airflow_cfg(text: &str) {
    use secretctl::python::configparser::{ConfigParser, InterpolationError};
    if !ASKS {
        return;
    }
    let text = secretctl::python::newlines::universal_newlines(text);
    let theirs = judge::ask(&json!({"op": "settings.configparser", "text": text}));
    let ours = match ConfigParser::parse(&text) {
        Err(_) => json!({"error": true}),
        Ok(parser) => {
            let Some(options) = theirs.as_array() else {
                return disagree(&json!(text), &theirs, &json!("it is an airflow.cfg"));
            };
            let ours = options.iter().map(|option| {
                let [section, name, value] = [0, 1, 2].map(|index| option[index].as_str());
                let value = match parser.get(section.unwrap_or_default(), name.unwrap_or_default()) {
                    // Our own limit, far above what Python could hold in this memory.
                    Err(InterpolationError::TooLong) => json!(value),
                    Err(_) => Value::Null,
                    Ok(None) => json!({"absent": true}),
                    Ok(Some(value)) => json!(value),
                };
                json!([section, name, value])
            });
            ours.collect()
        }
    };
    if ours != theirs {
        disagree(&json!(text), &theirs, &ours);
    }
}

/// Compares an env file with python-dotenv's reading, where both have the same grammar (`settings::env_file`).
///
/// Skips values that may continue on the next line, and NUL. python-dotenv allows anything in a quoted name, and takes YAML or
/// JSON as a name.
pub fn env_file(bytes: &[u8]) {
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| ASKS) else {
        return;
    };
    if text.contains(['{', '[', '\0']) || text.contains("-----BEGIN") {
        return;
    }
    let theirs = judge::ask(&json!({"op": "settings.dotenv", "utf8": text, "text": ""}));
    let ours = secretctl::settings::fuzzing::env_file_of_python(bytes).ok();
    let refused = theirs.as_array().is_none_or(|bindings| {
        bindings.iter().any(|binding| {
            let name = binding[0].as_str().unwrap_or_default();
            let odd = |c: char| c.is_ascii_punctuation() && !"_.-".contains(c);
            let alone = binding[0].is_string() && binding[1].is_null();
            binding[3] == true
                || name.contains(['\n', '=', ':', '"'])
                || (alone && name.contains(odd))
                || (binding[0].is_string() && name.is_empty())
        })
    });
    let theirs: Option<Value> = (!refused).then(|| {
        let bindings = theirs.as_array().into_iter().flatten();
        let named = bindings.filter(|binding| binding[0].is_string() && binding[1].is_string());
        named.map(|binding| json!([binding[0], binding[1]])).collect()
    });
    let ours: Option<Value> = ours.map(|assignments| {
        let pairs = assignments
            .iter()
            .map(|(name, value, _)| json!([name, value.expose_text()]));
        pairs.collect()
    });
    if ours != theirs {
        disagree(&json!(text), &json!(theirs), &json!(ours));
    }
}

/// Compares a challenge with the reading of Key Vault's client for Python.
pub fn challenge(authority: &str, header: &str) {
    // No header has other bytes, and no request goes to an invalid address. We do not cut off the text after a `;` in a tenant.
    let printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    if !ASKS
        || !printable(header)
        || header.contains(';')
        || authority.is_empty()
        || !authority.bytes().all(host)
    {
        return;
    }
    let theirs = judge::ask(
        &json!({"op": "azure.challenge", "url": format!("https://{authority}/"), "header": header}),
    );
    let ours = match secretctl::backend::azure_key_vault::fuzzing::challenge(header, authority) {
        Err(_) => json!({"error": true}),
        Ok(accepted) => {
            json!({"scope": accepted.scope, "tenant": accepted.tenant, "claims": accepted.claims})
        }
    };
    // Python skips characters that are not base64 in claims; a challenge with invalid claims has no claims here.
    let claims = header
        .rsplit_once("claims=")
        .map_or("", |(_, claims)| claims.split(',').next().unwrap_or_default());
    let base64 =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=' | b' ' | b'"' | b'\'');
    if header.matches("claims=").count() > 1 || !claims.bytes().all(base64) {
        return;
    }
    // A quote in the scope would end it in the form that the SDK reads, so it is rejected.
    let quoted = theirs["scope"].as_str().is_some_and(|scope| scope.contains('"'));
    if ours != theirs && !quoted {
        disagree(&json!([authority, header]), &theirs, &ours);
    }
}

fn disagree(input: &Value, theirs: &Value, ours: &Value) {
    panic!("a disagreement\ninput:  {input}\ntheirs: {theirs}\nours:   {ours}");
}
