//! Verifies AWS's Signature Version 4 of a recorded request, as the service does: independently of the code under test.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::{digest, hmac};

use super::server::Recorded;

/// What a valid signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The access key's id.
    pub access_key: String,
    pub region: String,
    pub service: String,
    /// `X-Amz-Security-Token`, which is signed.
    pub session_token: Option<String>,
}

/// Verifies the signature of `request` with the secret key of whoever signed it.
///
/// # Errors
/// What is wrong with it.
pub fn verify(request: &Recorded, secret_key: &str) -> Result<Scope, String> {
    let header = |name: &str| request.header(name).ok_or_else(|| format!("no header {name}"));
    let authorization = header("authorization")?;
    let fields = authorization
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or_else(|| format!("another algorithm: {authorization}"))?;
    let field = |name: &str| {
        fields
            .split(',')
            .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
            .ok_or_else(|| format!("no {name} in {authorization}"))
    };
    let credential: Vec<&str> = field("Credential")?.split('/').collect();
    let [access_key, date, region, service, "aws4_request"] = credential[..] else {
        return Err(format!("an invalid credential: {credential:?}"));
    };
    let time = header("x-amz-date")?;
    check_time(time, date)?;
    let signed: Vec<&str> = field("SignedHeaders")?.split(';').collect();
    if !signed.is_sorted() {
        return Err(format!("headers out of order: {signed:?}"));
    }
    // Whatever a service acts on must be signed.
    for (name, _) in &request.headers {
        let matters = name == "host" || name == "content-type" || name.starts_with("x-amz-");
        if matters && !signed.contains(&name.as_str()) {
            return Err(format!("{name} is not signed"));
        }
    }
    let mut canonical = format!("{}\n{}\n", request.method, canonical_target(&request.target));
    for name in &signed {
        let words: Vec<&str> = header(name)?.split_whitespace().collect();
        canonical.extend([name, ":", &words.join(" "), "\n"]);
    }
    let body = hex(digest::digest(&digest::SHA256, &request.body).as_ref());
    canonical.extend(["\n", &signed.join(";"), "\n", &body]);
    let scope = credential[1..].join("/");
    let digest = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
    let mut key = format!("AWS4{secret_key}").into_bytes();
    for part in &credential[1..] {
        key = hmac_sha256(&key, part);
    }
    let expected = hex(&hmac_sha256(&key, &text));
    if expected != field("Signature")? {
        return Err(format!("the signature does not match this request:\n{canonical}"));
    }
    Ok(Scope {
        access_key: access_key.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        session_token: request.header("x-amz-security-token").map(str::to_owned),
    })
}

/// Checks that a request was signed now.
fn check_time(time: &str, date: &str) -> Result<(), String> {
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    if time.len() != 16 || digits.len() != 14 || !time.starts_with(date) {
        return Err(format!("the time {time} is not of the day {date}"));
    }
    let number = |at: std::ops::Range<usize>| digits[at].parse::<u64>().unwrap();
    let [year, month, day] = [number(0..4), number(4..6), number(6..8)];
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = [
        31,
        28 + u64::from(is_leap),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let before = usize::try_from(month - 1).unwrap();
    let days =
        (year - 1970) * 365 + leaps(year - 1) - leaps(1969) + months[..before].iter().sum::<u64>() + day - 1;
    let seconds = days * 86_400 + number(8..10) * 3_600 + number(10..12) * 60 + number(12..14);
    let signed = UNIX_EPOCH + Duration::from_secs(seconds);
    let now = SystemTime::now();
    let off = now
        .duration_since(signed)
        .or_else(|_| signed.duration_since(now))
        .unwrap_or(Duration::MAX);
    if off > Duration::from_mins(5) {
        return Err(format!("signed at {time}, which is {off:?} away"));
    }
    Ok(())
}

/// Returns the path as it is signed (quoted once more, without dot segments), and the query with its parameters in order.
fn canonical_target(target: &str) -> String {
    // A proxy sees the whole URL.
    let target = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let mut canonical = format!("/{}", segments.join("/"));
    if path.ends_with('/') && !segments.is_empty() {
        canonical.push('/');
    }
    let quoted: String = canonical
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    let mut parameters: Vec<String> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            format!("{name}={value}")
        })
        .collect();
    parameters.sort();
    format!("{quoted}\n{}", parameters.join("&"))
}

fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
