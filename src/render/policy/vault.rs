//! A policy of Vault or `OpenBao`, in HCL.
//!
//! Sources: <https://developer.hashicorp.com/vault/docs/concepts/policies>; the strings of HCL 1
//! (<https://github.com/hashicorp/hcl/tree/hcl1>), whose `${` would begin an interpolation.

use std::fmt::Write as _;

use crate::privilege::Privilege;

/// Writes `path "…" { capabilities = ["read"] }` for each path. Policies belong to a namespace, which a comment names.
#[must_use]
pub fn vault(privileges: &[Privilege]) -> String {
    let mut text = String::new();
    let mut last: Option<&str> = None;
    for privilege in privileges {
        let Privilege::Vault { path, namespace } = privilege else {
            continue;
        };
        let namespace = namespace.as_deref();
        if namespace.is_some() && namespace != last {
            let _ = writeln!(
                text,
                "# for the namespace {}",
                quoted(namespace.unwrap_or_default())
            );
        }
        last = namespace;
        let path = quoted(path);
        let _ = writeln!(text, "path {path} {{\n  capabilities = [\"read\"]\n}}");
    }
    text
}

/// Returns `text` as a string of HCL.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '$' if characters.peek() == Some(&'{') => quoted.push_str("\\u0024"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_string_of_hcl_has_no_interpolation_and_no_open_quote() {
        for (text, expected) in [
            ("secret/data/a", r#""secret/data/a""#),
            (r#"a"b\c"#, r#""a\"b\\c""#),
            ("a${b}", r#""a\u0024{b}""#),
            ("$a\n\t\u{7f}é", "\"$a\\n\\u0009\\u007fé\""),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
