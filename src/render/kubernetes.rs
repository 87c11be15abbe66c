//! The manifest of a Kubernetes Secret.
//!
//! Source: <https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/>, and
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Entry, Exported, Masks, yaml};
use crate::error::{Error, Result};

/// The longest name, and the longest key.
const LONGEST: usize = 253;

/// Returns the manifest, its data in base64 (which carries any bytes).
///
/// # Errors
/// A name of the Secret or of an entry that Kubernetes does not accept, with status 2.
pub fn render(entries: &[Entry], name: &str, masks: &mut Masks) -> Result<Exported> {
    if !is_subdomain(name) {
        return Err(
            Error::usage(format!("`{name}` cannot be the name of a Kubernetes Secret")).with_hint(
                "use lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
            ),
        );
    }
    let mut text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\ntype: Opaque\ndata:\n",
        yaml::quoted(name)
    );
    for entry in entries {
        if !is_key(&entry.name) {
            return Err(
                Error::usage(format!("`{}` cannot be a key of a Kubernetes Secret", entry.name))
                    .with_hint("give it a name of your own with `--set NAME=REF`"),
            );
        }
        let encoded = STANDARD.encode(entry.value.expose());
        masks.add(encoded.as_bytes());
        let _ = writeln!(text, "  {}: \"{encoded}\"", yaml::key(&entry.name));
    }
    Ok(Exported::plain(text))
}

/// Whether `name` is a DNS subdomain of RFC 1123.
fn is_subdomain(name: &str) -> bool {
    name.len() <= LONGEST
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

/// Whether `key` can be a key in a Secret's data.
fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= LONGEST
        && key != "."
        && !key.starts_with("..")
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_kubernetes() {
        for name in ["secretctl", "a.b-c.1"] {
            assert!(is_subdomain(name), "{name}");
        }
        for name in ["", "A", "-a", "a-", "a..b", "a_b", ".a"] {
            assert!(!is_subdomain(name), "{name}");
        }
        assert!(is_key("AIRFLOW_CONN_MY-DB") && !is_key("a b") && !is_key("..a") && !is_key("ü"));
    }
}
