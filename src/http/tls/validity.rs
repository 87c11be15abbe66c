//! When a certificate is valid: the one thing that webpki does not tell of a certificate that it refuses for another reason.
//!
//! Reads just enough DER to reach `validity` (RFC 5280, section 4.1). Anything unexpected is "not valid".

use rustls::CertificateError;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Checks that the certificate `der` is valid at `now`, in seconds since 1970.
pub(super) fn check(der: &[u8], now: u64) -> Result<(), CertificateError> {
    let (from, until) = validity(der).ok_or(CertificateError::BadEncoding)?;
    if now < from {
        Err(CertificateError::NotValidYet)
    } else if now > until {
        Err(CertificateError::Expired)
    } else {
        Ok(())
    }
}

fn validity(der: &[u8]) -> Option<(u64, u64)> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (tbs, _) = element(certificate, SEQUENCE)?;
    let tbs = element(tbs, VERSION).map_or(tbs, |(_, rest)| rest);
    let (_, tbs) = element(tbs, INTEGER)?;
    let (_, tbs) = element(tbs, SEQUENCE)?;
    let (_, tbs) = element(tbs, SEQUENCE)?;
    let (validity, _) = element(tbs, SEQUENCE)?;
    let (from, validity) = time(validity)?;
    let (until, _) = time(validity)?;
    Some((from, until))
}

/// Takes one element with `tag`: its contents, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match length {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (
                digits
                    .iter()
                    .fold(0, |length, digit| length << 8 | usize::from(*digit)),
                rest,
            )
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// Takes a time, in seconds since 1970: `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time(der: &[u8]) -> Option<(u64, &[u8])> {
    let (text, rest, century) = match element(der, UTC_TIME) {
        Some((text, rest)) => (text, rest, None),
        None => element(der, GENERALIZED_TIME).map(|(text, rest)| (text, rest, Some(())))?,
    };
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, clock) = text.split_at_checked(if century.is_some() { 4 } else { 2 })?;
    let year: i64 = match (century, year.parse::<i64>().ok()?) {
        (Some(()), year) => year,
        (None, year) if year >= 50 => year + 1900,
        (None, year) => year + 2000,
    };
    let part = |at: usize| clock.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day, hour, minute, second) = (part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    let days = super::super::retry::days_since_1970(year, month, day);
    // A time before 1970 has passed, whichever it is.
    let seconds = u64::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second).unwrap_or(0);
    Some((seconds, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate's skeleton, valid from 2020-01-01 to 2050-01-01.
    fn skeleton() -> Vec<u8> {
        let mut validity = vec![UTC_TIME, 13];
        validity.extend(b"200101000000Z");
        validity.extend([GENERALIZED_TIME, 15]);
        validity.extend(b"20500101000000Z");
        let mut tbs = vec![VERSION, 3, INTEGER, 1, 2, INTEGER, 1, 1, SEQUENCE, 0, SEQUENCE, 0];
        tbs.push(SEQUENCE);
        tbs.push(u8::try_from(validity.len()).expect("short"));
        tbs.extend(validity);
        let mut certificate = vec![SEQUENCE, u8::try_from(tbs.len()).expect("short")];
        certificate.extend(tbs);
        let mut der = vec![SEQUENCE, 0x81, u8::try_from(certificate.len()).expect("short")];
        der.extend(certificate);
        der
    }

    #[test]
    fn both_forms_of_time_are_read() {
        let der = skeleton();
        assert_eq!(check(&der, 1_577_836_799), Err(CertificateError::NotValidYet));
        assert_eq!(check(&der, 1_577_836_800), Ok(()));
        assert_eq!(check(&der, 2_524_608_001), Err(CertificateError::Expired));
    }

    #[test]
    fn what_is_cut_off_anywhere_is_not_valid() {
        let der = skeleton();
        for length in 0..der.len() {
            assert_eq!(
                check(&der[..length], 1_600_000_000),
                Err(CertificateError::BadEncoding),
                "{length}"
            );
        }
    }
}
