//! The service account's key of the tests, and the check of what it signed.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use super::ACCOUNT;

const PKCS8: &str = include_str!("../../azure/data/client.pem");
const PKCS1: &str = include_str!("../../azure/data/client-pkcs1.pem");

/// Cuts the private key out of a PEM file.
fn private(pem: &str, label: &str) -> String {
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let start = pem.find(&begin).unwrap();
    let stop = pem.find(&end).unwrap() + end.len();
    format!("{}\n", &pem[start..stop])
}

fn of(private_key: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "proj",
        "private_key_id": "kid1",
        "private_key": private_key,
        "client_email": ACCOUNT,
        "token_uri": "https://oauth2.googleapis.com/token",
    })
}

/// A service account's key.
pub fn key() -> Value {
    of(&private(PKCS8, "PRIVATE KEY"))
}

/// The same key in PKCS#1, with its newlines written out.
pub fn key_pkcs1() -> Value {
    of(&private(PKCS1, "RSA PRIVATE KEY").replace('\n', "\\n"))
}

/// Verifies a JWT of the key, and returns its header and its claims without the times, which are an hour apart.
#[track_caller]
pub fn verified(jwt: &str) -> Value {
    static PUBLIC: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let public = PUBLIC.get_or_init(|| {
        let key = |pem: &str, label: &str| {
            let text = private(pem, label);
            let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
            STANDARD.decode(body).unwrap()
        };
        let first = RsaKeyPair::from_pkcs8(&key(PKCS8, "PRIVATE KEY")).unwrap();
        let second = RsaKeyPair::from_der(&key(PKCS1, "RSA PRIVATE KEY")).unwrap();
        [first, second].map(|key| {
            let public: &[u8] = key.public().as_ref();
            public.to_vec()
        })
    });
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature.trim_end_matches('=')).unwrap();
    let is_good = public.iter().any(|public| {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(message.as_bytes(), &signature)
            .is_ok()
    });
    assert!(is_good, "the signature of {message}");
    let part = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).unwrap()).unwrap()
    };
    let (header, claims) = message.split_once('.').unwrap();
    let mut claims = part(claims);
    let object = claims.as_object_mut().unwrap();
    let (issued, expiry) = (object.remove("iat").unwrap(), object.remove("exp").unwrap());
    assert_eq!(expiry.as_u64().unwrap() - issued.as_u64().unwrap(), 3600);
    json!({"header": part(header), "claims": claims})
}
