//! Finds canaries in a program's output, in every encoding that a message could use.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Returns the canary of `place`, which has only lower-case letters and digits.
pub fn canary(place: &str) -> String {
    assert!(
        place
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
        "{place}"
    );
    format!("Zq7{place}Kx9v")
}

/// The canaries of a scenario, each with the byte patterns that reveal it.
pub struct Canaries(Vec<(String, Vec<Vec<u8>>)>);

impl Canaries {
    /// Collects the canaries in `texts`.
    pub fn of(texts: &[String]) -> Self {
        let mut names = BTreeSet::new();
        for text in texts {
            for rest in text.split("Zq7").skip(1) {
                if let Some((place, _)) = rest.split_once("Kx9v") {
                    names.insert(canary(place));
                }
            }
        }
        assert!(!names.is_empty(), "a scenario without a canary shows nothing");
        Self(
            names
                .into_iter()
                .map(|name| (name.clone(), patterns(&name)))
                .collect(),
        )
    }

    /// Returns the canaries found in `bytes`.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let lower = bytes.to_ascii_lowercase();
        let holds = |pattern: &Vec<u8>| {
            memchr::memmem::find(&lower, pattern).is_some() || memchr::memmem::find(bytes, pattern).is_some()
        };
        self.0
            .iter()
            .filter(|(_, patterns)| patterns.iter().any(holds))
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

/// Unchanged (in any case), reversed, in hexadecimal, as a list of numbers, and in base64 at each of the three offsets.
fn patterns(name: &str) -> Vec<Vec<u8>> {
    let mut hex = String::new();
    for byte in name.bytes() {
        write!(hex, "{byte:02x}").unwrap();
    }
    let numbers = name
        .bytes()
        .map(|byte| byte.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let reversed: String = name.to_lowercase().chars().rev().collect();
    let mut patterns = vec![
        name.to_lowercase().into_bytes(),
        reversed.into_bytes(),
        hex.into_bytes(),
        numbers.into_bytes(),
    ];
    for offset in 0..3 {
        let mut padded = vec![b'x'; offset];
        padded.extend_from_slice(name.as_bytes());
        for engine in [STANDARD, URL_SAFE] {
            // The outer characters depend on the text around the canary.
            let text = engine.encode(&padded);
            patterns.push(text.as_bytes()[4..text.len() - 4].to_vec());
        }
    }
    patterns
}

#[test]
fn a_canary_is_found_in_every_disguise() {
    let name = canary("testplace");
    let canaries = Canaries::of(&[format!("a secret {name} here")]);
    for disguise in [
        format!("error: {name}"),
        format!("{}_X", name.to_uppercase()),
        STANDARD.encode(format!("user:{name}@host")),
        STANDARD.encode(format!("us:{name}@host")),
        URL_SAFE.encode(format!("use:{name}@host")),
        format!("{:?}", name.as_bytes()),
        name.chars().rev().collect(),
    ] {
        assert_eq!(
            canaries.found_in(disguise.as_bytes()),
            [name.as_str()],
            "{disguise}"
        );
    }
    assert!(
        canaries
            .found_in(b"error: nothing of it, Zq7otherKx9v")
            .is_empty()
    );
}
