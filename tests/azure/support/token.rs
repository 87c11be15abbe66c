//! Tokens: signed by the login, verified by the vault, as real ones are.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{CLIENT, LOGIN, TENANT};

/// What a key of the login's signs with.
fn key() -> &'static EcdsaKeyPair {
    static KEY: OnceLock<EcdsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| {
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &SystemRandom::new()).unwrap()
    })
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// How many seconds from now a moment is, which is in seconds since 1970, perhaps with a fraction.
pub fn seconds_from_now(moment: f64) -> f64 {
    moment
        - SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs_f64()
}

/// Issues a token for `audience` that ends `lifetime` seconds from now.
pub fn issue(audience: &str, subject: &str, lifetime: i64) -> String {
    let end = now().checked_add_signed(lifetime).unwrap();
    sign(&json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{TENANT}/"),
        "tid": TENANT,
        "appid": subject,
        "nbf": now() - 60,
        "exp": end,
    }))
}

/// Issues what tells the application who `user` is.
pub fn issue_to(user: &str) -> String {
    sign(&json!({
        "aud": CLIENT,
        "iss": format!("https://{LOGIN}/{TENANT}/v2.0"),
        "tid": TENANT,
        "sub": "subject",
        "preferred_username": user,
        "iat": now(),
        "nbf": now() - 60,
        "exp": now() + 3600,
    }))
}

fn sign(payload: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": "ES256", "kid": "test"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(payload));
    let signed = key().sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed))
}

/// Verifies signature, audience and end of a token.
pub fn verify(token: &str, audience: &str) -> Result<Value, &'static str> {
    let (message, signed) = token.rsplit_once('.').ok_or("no token")?;
    let signed = URL_SAFE_NO_PAD.decode(signed).map_err(|_| "no signature")?;
    UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, key().public_key().as_ref())
        .verify(message.as_bytes(), &signed)
        .map_err(|_| "invalid signature")?;
    let payload = message.split('.').nth(1).ok_or("no payload")?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| "no payload")?;
    let payload: Value = serde_json::from_slice(&payload).map_err(|_| "no payload")?;
    if payload["aud"] != audience {
        return Err("invalid audience");
    }
    if payload["exp"].as_u64().is_none_or(|end| end <= now()) {
        return Err("expired");
    }
    Ok(payload)
}

/// Takes apart a client's assertion (header and payload), once `public_key` has verified its RS256 signature.
pub fn verify_assertion(assertion: &str, public_key: &[u8]) -> Result<(Value, Value), &'static str> {
    let (message, signed) = assertion.rsplit_once('.').ok_or("no assertion")?;
    let signed = URL_SAFE_NO_PAD.decode(signed).map_err(|_| "no signature")?;
    UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, public_key)
        .verify(message.as_bytes(), &signed)
        .map_err(|_| "invalid signature")?;
    let mut parts = message.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    });
    Ok((parts.next().unwrap_or_default(), parts.next().unwrap_or_default()))
}
