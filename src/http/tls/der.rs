//! Just enough DER (X.690) to read a certificate (RFC 5280, section 4.1), or only its head.
//!
//! A head needs only the beginning of a certificate, so a large bundle is not decoded whole. Anything unexpected
//! is `None`. Must not know what is trusted.

use rustls::CertificateError;

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The first fields of a certificate. The names are compared byte by byte, as webpki does.
pub(super) struct Head<'a> {
    /// 1 to 3.
    pub(super) version: u8,
    pub(super) serial: &'a [u8],
    pub(super) issuer: &'a [u8],
    validity: &'a [u8],
    pub(super) subject: &'a [u8],
}

impl<'a> Head<'a> {
    /// Reads the head of a certificate. `der` is its beginning, or all of it.
    pub(super) fn of(der: &'a [u8]) -> Option<Self> {
        let (certificate, _) = begun(der, SEQUENCE)?;
        let (tbs, _) = begun(certificate, SEQUENCE)?;
        Some(Self::of_tbs(tbs)?.0)
    }

    /// Reads the head from the contents of `TBSCertificate`. Returns the head and the rest.
    pub(super) fn of_tbs(tbs: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (version, tbs) = match element(tbs, VERSION) {
            None => (1, tbs),
            Some((version, rest)) => match element(version, INTEGER)? {
                (&[zero_based @ 0..=2], []) => (zero_based + 1, rest),
                _ => return None,
            },
        };
        let (serial, tbs) = element(tbs, INTEGER)?;
        let (_, tbs) = element(tbs, SEQUENCE)?;
        let (issuer, tbs) = element(tbs, SEQUENCE)?;
        let (validity, tbs) = element(tbs, SEQUENCE)?;
        let (subject, tbs) = element(tbs, SEQUENCE)?;
        let head = Self {
            version,
            serial,
            issuer,
            validity,
            subject,
        };
        Some((head, tbs))
    }

    /// Returns when the certificate expires, in seconds since 1970.
    pub(super) fn not_after(&self) -> Option<u64> {
        let (_, rest) = time(self.validity)?;
        Some(time(rest)?.0)
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

/// Takes one element with `tag`. Returns its contents and the rest.
pub(super) fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (rest, length) = begun(der, tag)?;
    rest.split_at_checked(length)
}

/// Takes one element with `tag`. Returns all of it, tag and length included, and the rest.
pub(super) fn whole(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (_, rest) = element(der, tag)?;
    der.split_at_checked(der.len() - rest.len())
}

/// Takes the next element of any tag. Returns its tag, its contents and the rest.
pub(super) fn any(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let tag = *der.first()?;
    let (contents, rest) = element(der, tag)?;
    Some((tag, contents, rest))
}

/// Returns the contents of the element with `tag`, when it is all that `der` holds.
pub(super) fn only(der: &[u8], tag: u8) -> Option<&[u8]> {
    element(der, tag)
        .filter(|(_, rest)| rest.is_empty())
        .map(|(contents, _)| contents)
}

/// Opens an element with `tag`. Returns everything after its length, and the length.
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
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
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
            VERSION, 3, INTEGER, 1, 2, INTEGER, 1, 9, SEQUENCE, 0, SEQUENCE, 2, b'i', b's', SEQUENCE,
        ];
        tbs.push(u8::try_from(validity.len()).expect("short"));
        tbs.extend(validity);
        tbs.extend([SEQUENCE, 2, b's', b'u']);
        // By their lengths more is to come.
        let mut der = vec![SEQUENCE, 0x82, 4, 0, SEQUENCE, 0x81, 200];
        der.extend(tbs);
        der
    }

    #[test]
    fn names_and_both_forms_of_time_are_read() {
        let der = beginning();
        let head = Head::of(&der).expect("a head");
        assert_eq!((head.issuer, head.subject), (b"is".as_slice(), b"su".as_slice()));
        assert_eq!((head.version, head.serial), (3, [9].as_slice()));
        assert_eq!(
            head.check_validity(1_577_836_799),
            Err(CertificateError::NotValidYet)
        );
        assert_eq!(head.check_validity(1_577_836_800), Ok(()));
        assert_eq!(head.check_validity(2_524_608_001), Err(CertificateError::Expired));
    }

    #[test]
    fn elements_end_where_their_length_says() {
        let der = [SEQUENCE, 3, INTEGER, 1, 7, 0xff];
        assert_eq!(element(&der, SEQUENCE), Some((&der[2..5], &der[5..])));
        assert_eq!(whole(&der, SEQUENCE), Some((&der[..5], &der[5..])));
        assert_eq!(any(&der), Some((SEQUENCE, &der[2..5], &der[5..])));
        assert_eq!(only(&der, SEQUENCE), None, "something follows");
        assert_eq!(only(&der[..5], SEQUENCE), Some(&der[2..5]));
        assert_eq!(element(&der, INTEGER), None, "another tag");
        let long = [[SEQUENCE, 0x82, 1, 0].as_slice(), &[9; 256]].concat();
        assert_eq!(only(&long, SEQUENCE).map(<[u8]>::len), Some(256));
        for bad in [
            [SEQUENCE, 5, 0].as_slice(),
            &[SEQUENCE, 0x80, 0, 0],
            &[SEQUENCE, 0x84, 0, 0, 0, 1, 0],
            &[SEQUENCE],
            &[],
        ] {
            assert_eq!(element(bad, SEQUENCE), None, "{bad:?}");
        }
    }

    #[test]
    fn malformed_times_are_none() {
        for (tag, text, seconds) in [
            (UTC_TIME, "500101000000Z", Some(0)),
            (UTC_TIME, "700101000001Z", Some(1)),
            (UTC_TIME, "491231235959Z", Some(2_524_607_999)),
            (GENERALIZED_TIME, "19700101000100Z", Some(60)),
            (UTC_TIME, "700101000001", None),
            (UTC_TIME, "7001010000Z", None),
            (UTC_TIME, "+00101000001Z", None),
            (GENERALIZED_TIME, "700101000001+0100", None),
        ] {
            let der = [&[tag, u8::try_from(text.len()).expect("short")], text.as_bytes()].concat();
            assert_eq!(time(&der).map(|(seconds, _)| seconds), seconds, "{text}");
        }
    }

    #[test]
    fn a_certificate_cut_off_before_its_subject_has_no_head() {
        let der = beginning();
        for length in 0..der.len() {
            assert!(Head::of(&der[..length]).is_none(), "{length}");
        }
    }
}
