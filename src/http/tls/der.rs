//! Just enough DER of a certificate (RFC 5280, section 4.1) to know who issued it, whom it is for, and when it is valid.
//!
//! What is trusted is decided by webpki; this finds the candidates, and the one thing that webpki does not tell of a
//! certificate that it refuses for another reason. Anything unexpected is nothing.

use rustls::CertificateError;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The part of a certificate that is read here. The names are compared byte by byte, as webpki does.
pub(super) struct Head<'a> {
    pub(super) issuer: &'a [u8],
    validity: &'a [u8],
    pub(super) subject: &'a [u8],
}

impl<'a> Head<'a> {
    /// Reads the head of a certificate of which `der` is the beginning, or all.
    pub(super) fn of(der: &'a [u8]) -> Option<Self> {
        let (certificate, _) = begun(der, SEQUENCE)?;
        let (tbs, _) = begun(certificate, SEQUENCE)?;
        let tbs = element(tbs, VERSION).map_or(tbs, |(_, rest)| rest);
        let (_, tbs) = element(tbs, INTEGER)?;
        let (_, tbs) = element(tbs, SEQUENCE)?;
        let (issuer, tbs) = element(tbs, SEQUENCE)?;
        let (validity, tbs) = element(tbs, SEQUENCE)?;
        let (subject, _) = element(tbs, SEQUENCE)?;
        Some(Self {
            issuer,
            validity,
            subject,
        })
    }

    /// Checks that the certificate is valid at `now`, in seconds since 1970.
    pub(super) fn check_validity(&self, now: u64) -> Result<(), CertificateError> {
        let times = time(self.validity).and_then(|(from, rest)| Some((from, time(rest)?.0)));
        let (from, until) = times.ok_or(CertificateError::BadEncoding)?;
        if now < from {
            Err(CertificateError::NotValidYet)
        } else if now > until {
            Err(CertificateError::Expired)
        } else {
            Ok(())
        }
    }
}

/// Takes one element with `tag`: its contents, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (rest, length) = begun(der, tag)?;
    rest.split_at_checked(length)
}

/// Opens an element with `tag`: all that there is behind its length, and the length.
fn begun(der: &[u8], tag: u8) -> Option<(&[u8], usize)> {
    let (&found, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    match length {
        short @ 0..=0x7f => Some((rest, usize::from(short))),
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            Some((
                rest,
                digits
                    .iter()
                    .fold(0, |length, digit| length << 8 | usize::from(*digit)),
            ))
        }
        _ => None,
    }
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
    let days = crate::calendar::days_since_1970(year, month, day);
    // A time before 1970 has passed, whichever it is.
    let seconds = u64::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second).unwrap_or(0);
    Some((seconds, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate's beginning, valid from 2020-01-01 to 2050-01-01.
    fn beginning() -> Vec<u8> {
        let mut validity = vec![UTC_TIME, 13];
        validity.extend(b"200101000000Z");
        validity.extend([GENERALIZED_TIME, 15]);
        validity.extend(b"20500101000000Z");
        let mut tbs = vec![
            VERSION, 3, INTEGER, 1, 2, INTEGER, 1, 1, SEQUENCE, 0, SEQUENCE, 2, b'i', b's', SEQUENCE,
        ];
        tbs.push(u8::try_from(validity.len()).expect("short"));
        tbs.extend(validity);
        tbs.extend([SEQUENCE, 2, b's', b'u']);
        // The lengths say that there is more to come.
        let mut der = vec![SEQUENCE, 0x82, 4, 0, SEQUENCE, 0x81, 200];
        der.extend(tbs);
        der
    }

    #[test]
    fn names_and_both_forms_of_time_are_read() {
        let der = beginning();
        let head = Head::of(&der).expect("a head");
        assert_eq!((head.issuer, head.subject), (b"is".as_slice(), b"su".as_slice()));
        assert_eq!(
            head.check_validity(1_577_836_799),
            Err(CertificateError::NotValidYet)
        );
        assert_eq!(head.check_validity(1_577_836_800), Ok(()));
        assert_eq!(head.check_validity(2_524_608_001), Err(CertificateError::Expired));
    }

    #[test]
    fn what_is_cut_off_before_the_subject_is_nothing() {
        let der = beginning();
        for length in 0..der.len() {
            assert!(Head::of(&der[..length]).is_none(), "{length}");
        }
    }
}
