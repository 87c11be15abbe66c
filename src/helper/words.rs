//! What a program says on standard error, without what could be a secret.
//!
//! A message is shown because it says what to do ("run `aws sso login`"). A program that handles credentials may print one there too,
//! so each word that looks like a credential is left out: this errs on that side. Must not know which program it is.

/// What stands for a word that is left out.
const REDACTED: &str = "[redacted]";

/// A word longer than this is left out.
const LONGEST: usize = 100;

/// A word of mixed letters and digits of this length, or a hexadecimal one of the other, is left out.
const RANDOM: usize = 20;
const HEXADECIMAL: usize = 32;

/// Parts of the names of secrets.
const NAMES: [&str; 9] = [
    "secret",
    "passw",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "credential",
    "assertion",
];

/// Returns the error messages of a program on one line, without words that could be a secret.
pub(crate) fn without_tokens(text: &str) -> String {
    let mut is_value = false;
    let words = text.split_whitespace().map(|word| {
        let follows = std::mem::replace(&mut is_value, announces(word));
        if follows || word.contains("eyJ") || word.len() > LONGEST || is_random(word) {
            return REDACTED.to_owned();
        }
        without_value(word)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether `name` is that of a secret, such as `AWS_SECRET_ACCESS_KEY` or `--client-secret`.
pub(crate) fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

/// Whether the next word is a secret's value, as after `password:`, `"token":` and `--client-secret`.
fn announces(word: &str) -> bool {
    let is_name = word.ends_with([':', '=']) || word.starts_with("--") && !word.contains('=');
    is_name && names_a_secret(word)
}

/// Leaves out the value of `name=value` and `name:value`, if it is a secret's, and the password of a URL.
fn without_value(word: &str) -> String {
    if let Some((scheme, rest)) = word.split_once("://") {
        // The query of a URL can be signed.
        let (place, query) = rest
            .split_once(['?', '#'])
            .map_or((rest, ""), |(place, _)| (place, "?…"));
        let end = place.find('/').unwrap_or(place.len());
        let host = place[..end].rfind('@').map_or(0, |at| at + 1);
        return format!("{scheme}://{}{query}", &place[host..]);
    }
    match word.split_once(['=', ':']) {
        Some((name, value)) if !value.is_empty() && names_a_secret(name) => {
            let sign = &word[name.len()..=name.len()];
            format!("{name}{sign}{REDACTED}")
        }
        Some((name, value)) if is_random(value) => {
            let sign = &word[name.len()..=name.len()];
            format!("{name}{sign}{REDACTED}")
        }
        _ => word.to_owned(),
    }
}

/// Whether a word looks as if nobody had thought of it.
fn is_random(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && !"/~.".contains(c));
    let is_path = word.starts_with(['/', '~', '.']);
    let is_text = |c: u8| c.is_ascii_alphanumeric() || b"_~+/-.".contains(&c);
    if is_path || !word.bytes().all(is_text) {
        return false;
    }
    let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
    let has_digit = has(u8::is_ascii_digit);
    let is_mixed = has_digit && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let is_hexadecimal = has_digit && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.len() >= RANDOM && is_mixed || word.len() >= HEXADECIMAL && is_hexadecimal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_what_it_is() {
        for text in [
            "Error when retrieving token from sso: Token has expired and refresh failed",
            "error: The SSO session associated with this profile has expired. To refresh this SSO session run `aws sso login --profile Dev1`.",
            "An error occurred (ExpiredTokenException) when calling the AssumeRole operation: Request ARN is invalid",
            "AADSTS700016: Application with identifier '2f7c1f9e-1b6e-4d3a-9f57-0d1c1b3e9a55' was not found. Timestamp: 2026-11-26T22:29:08Z",
            "/home/User1/google-cloud-sdk/bin/gke-gcloud-auth-plugin: cannot open ~/.config/gcloud/Credentials2/x.json",
            "see https://login.example.com/Device1/page",
        ] {
            assert_eq!(without_tokens(text), text);
        }
    }

    #[test]
    fn what_could_be_a_secret_is_left_out() {
        for (text, expected) in [
            ("got eyJhbGciOi.x", "got [redacted]"),
            // A sentence after such a colon loses a word.
            (
                "Error loading Token: Token for x does not exist",
                "Error loading Token: [redacted] for x does not exist",
            ),
            ("password: hunter2 is wrong", "password: [redacted] is wrong"),
            ("{\"access_token\": \"hunter2\"}", "{\"access_token\": [redacted]"),
            ("client_secret=hunter2", "client_secret=[redacted]"),
            (
                "ran with --client-secret hunter2",
                "ran with --client-secret [redacted]",
            ),
            ("--client-secret=hunter2", "--client-secret=[redacted]"),
            ("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY.", "key [redacted]"),
            ("X=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "X=[redacted]"),
            ("key 0123456789abcdef0123456789abcdef", "key [redacted]"),
            ("https://u:hunter2@h/p?sig=hunter2", "https://h/p?…"),
        ] {
            assert_eq!(without_tokens(text), expected);
        }
        assert_eq!(without_tokens(&"x".repeat(101)), REDACTED);
    }
}
