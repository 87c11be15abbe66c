//! A PEM file of trusted certificates, and an index of their subjects: one pass over the file serves every server.
//!
//! Must not know which certificates are trusted for what: it finds the blocks that may hold a wanted subject, and `pem` decodes these
//! whole and compares the name itself. So an entry of the index can cost a decoding too many, and never decides.
//!
//! # Where the instructions go
//!
//! A system's bundle has some 145 certificates in 220 kB. By callgrind (release build, one lookup in Vault over https), finding the root
//! took 1.39 million instructions of 5.84 million, once for each server:
//!
//! | | millions |
//! | --- | ---: |
//! | decoding the first 480 characters of each certificate, to compare its subject | 1.07 |
//! | of that, base64; the rest is allocation and lines put together | 0.58 |
//! | searching for `-----BEGIN ` and `-----END `; half of that sets the searches up | 0.28 |
//!
//! Now it takes 0.3 million, once for all servers. Base64 has no `-`, so the markers are found by that byte. A subject's place follows from
//! the lengths before it, and in lines of 64 characters (RFC 7468, section 2) these few bytes are decoded where they are. The index keeps
//! the length and the end of a subject, which differ from certificate to certificate. What remains of a handshake is its
//! cryptography: two signatures (1.5 million) and a key exchange (0.5 million).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use memchr::memchr;

use super::der::{INTEGER, SEQUENCE, VERSION};
use super::pem::{self, Block, Held};

/// A PEM file.
#[derive(Debug)]
pub(super) struct Bundle {
    pem: Vec<u8>,
    index: OnceLock<Vec<Entry>>,
}

/// A certificate in the file.
#[derive(Debug)]
struct Entry {
    block: Block,
    /// `None` if the certificate must be decoded to know it.
    subject: Option<Mark>,
}

/// What an index keeps of a subject: its length, and its last bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    length: usize,
    end: [u8; Mark::BYTES],
}

/// The bundles in use, by their paths. Clients of one process share them.
static IN_USE: Mutex<Vec<(PathBuf, Weak<Bundle>)>> = Mutex::new(Vec::new());

impl Bundle {
    pub(super) fn new(pem: Vec<u8>) -> Self {
        Self {
            pem,
            index: OnceLock::new(),
        }
    }

    /// Returns the whole file.
    pub(super) fn pem(&self) -> &[u8] {
        &self.pem
    }

    /// Returns the bundle of the file `path`. It is read only when no client in this process has it.
    pub(super) fn shared<E>(
        path: &Path,
        read: impl FnOnce(&Path) -> Result<Vec<u8>, E>,
    ) -> Result<Arc<Self>, E> {
        let in_use = || IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        let known = in_use().iter().find_map(|(other, bundle)| {
            let is_it = other == path;
            is_it.then(|| bundle.upgrade()).flatten()
        });
        if let Some(bundle) = known {
            return Ok(bundle);
        }
        let bundle = Arc::new(Self::new(read(path)?));
        let mut in_use = in_use();
        in_use.retain(|(other, bundle)| other != path && bundle.strong_count() > 0);
        in_use.push((path.to_owned(), Arc::downgrade(&bundle)));
        Ok(bundle)
    }

    /// Returns the certificates whose subject is one of `subjects`, in their order in the file.
    pub(super) fn certificates_of(&self, subjects: &[&[u8]]) -> Vec<Held> {
        let marks: Vec<Mark> = subjects.iter().map(|subject| Mark::of(subject)).collect();
        let index = self.index.get_or_init(|| self.indexed());
        let may_match = |entry: &&Entry| entry.subject.is_none_or(|subject| marks.contains(&subject));
        index
            .iter()
            .filter(may_match)
            .filter_map(|entry| pem::held_by_one_of(&self.pem, &entry.block, subjects))
            .collect()
    }

    fn indexed(&self) -> Vec<Entry> {
        pem::blocks(&self.pem)
            .map(|block| Entry {
                subject: Mark::in_block(&self.pem[block.body.clone()]),
                block,
            })
            .collect()
    }
}

impl Mark {
    const BYTES: usize = 8;

    fn of(subject: &[u8]) -> Self {
        let mut end = [0; Self::BYTES];
        let tail = &subject[subject.len().saturating_sub(Self::BYTES)..];
        end[..tail.len()].copy_from_slice(tail);
        Self {
            length: subject.len(),
            end,
        }
    }

    /// Reads the mark of the certificate in a block, without decoding the rest. `None` if its lines are not all of 64 characters, or
    /// anything is unexpected.
    ///
    /// It follows [`Head::of_tbs`](super::der::Head::of_tbs).
    fn in_block(body: &[u8]) -> Option<Self> {
        let text = Lines::new(body)?;
        let (certificate, _) = text.element(0, SEQUENCE)?;
        let (mut at, _) = text.element(certificate, SEQUENCE)?;
        if text.byte(at)? == VERSION {
            at = text.after(at, VERSION)?;
        }
        at = text.after(at, INTEGER)?;
        // The signature's algorithm, the issuer and the validity.
        for _ in 0..3 {
            at = text.after(at, SEQUENCE)?;
        }
        let (subject, length) = text.element(at, SEQUENCE)?;
        let mut end = [0; Self::BYTES];
        let kept = length.min(Self::BYTES);
        for (index, byte) in end[..kept].iter_mut().enumerate() {
            *byte = text.byte(subject + length - kept + index)?;
        }
        Some(Self { length, end })
    }
}

/// Base64 in lines of 64 characters, whose bytes can be read one by one.
struct Lines<'a>(&'a [u8]);

/// The characters of a line, and its length with the newline.
const CHARACTERS: usize = 64;
const LINE: usize = CHARACTERS + 1;

/// How many lines are checked, and can be read: the subject is in them, or the whole certificate is decoded.
const LINES: usize = 10;

impl<'a> Lines<'a> {
    /// Takes the body of a block, which begins with the end of the marker's line.
    fn new(body: &'a [u8]) -> Option<Self> {
        let text = body.strip_prefix(b"\n")?;
        let text = &text[..text.len().min(LINE * LINES)];
        let (lines, last) = text.as_chunks::<LINE>();
        // Blanks around a line do not count, so they would move what follows.
        let is_full = |line: &[u8; LINE]| {
            memchr(b'\n', line) == Some(CHARACTERS)
                && value(line[0]).is_some()
                && value(line[CHARACTERS - 1]).is_some()
        };
        let is_last =
            memchr(b'\n', last).is_none() && last.first().is_none_or(|first| value(*first).is_some());
        (lines.iter().all(is_full) && is_last).then_some(Self(text))
    }

    /// Returns the byte at `at`.
    fn byte(&self, at: usize) -> Option<u8> {
        let character = at / 3 * 4;
        let place = character + character / CHARACTERS;
        let value = |index: usize| value(*self.0.get(place + index)?);
        Some(match at % 3 {
            0 => value(0)? << 2 | value(1)? >> 4,
            1 => value(1)? << 4 | value(2)? >> 2,
            _ => value(2)? << 6 | value(3)?,
        })
    }

    /// Returns where the contents of the element at `at` begin, and their length.
    fn element(&self, at: usize, tag: u8) -> Option<(usize, usize)> {
        if self.byte(at)? != tag {
            return None;
        }
        let length = self.byte(at + 1)?;
        match length {
            0..=0x7f => Some((at + 2, usize::from(length))),
            0x81..=0x83 => {
                let digits = usize::from(length & 0x7f);
                let mut length = 0;
                for digit in 0..digits {
                    length = length << 8 | usize::from(self.byte(at + 2 + digit)?);
                }
                Some((at + 2 + digits, length))
            }
            _ => None,
        }
    }

    /// Returns where the element after that at `at` begins.
    fn after(&self, at: usize, tag: u8) -> Option<usize> {
        let (contents, length) = self.element(at, tag)?;
        Some(contents + length)
    }
}

/// Returns the value of a character of base64.
fn value(character: u8) -> Option<u8> {
    const NONE: u8 = 0xff;
    const VALUES: [u8; 256] = {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut values = [NONE; 256];
        let mut value: u8 = 0;
        while value < 64 {
            values[alphabet[value as usize] as usize] = value;
            value += 1;
        }
        values
    };
    Some(VALUES[usize::from(character)]).filter(|value| *value != NONE)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::super::der::Head;
    use super::*;

    /// The subjects that a certificate of these tests may have. Some differ from others in one byte, or in their length.
    const SUBJECTS: &[&[u8]] = &[
        b"",
        b"a",
        b"an authority",
        b"an authoritY",
        b"bn authority",
        b"this authority has a longer name, for all I know",
        b"that authority has a longer name, for all I know",
        b"this authority has a longer name, for all I knew",
    ];

    /// Lengths of lines. Two and three lines of some are as long as one of 64 characters.
    const WIDTHS: &[&[usize]] = &[
        &[64],
        &[64],
        &[30, 33],
        &[20, 20, 22],
        &[64, 64, 30, 33],
        &[64, 30, 33, 64],
        &[63],
        &[65],
        &[76],
        &[1],
    ];

    fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = u16::try_from(contents.len()).unwrap();
        let [high, low] = length.to_be_bytes();
        let head = match length {
            0..0x80 => vec![tag, low],
            0x80..0x100 => vec![tag, 0x81, low],
            _ => vec![tag, 0x82, high, low],
        };
        [head, contents.to_vec()].concat()
    }

    /// Returns a certificate as far as its subject, and something instead of its key.
    fn certificate(version: bool, serial: usize, issuer: usize, subject: &[u8], rest: usize) -> Vec<u8> {
        let version = if version {
            element(VERSION, &element(INTEGER, &[2]))
        } else {
            Vec::new()
        };
        let tbs = [
            version,
            element(INTEGER, &vec![7; serial]),
            element(SEQUENCE, b"algorithm"),
            element(SEQUENCE, &vec![b'i'; issuer]),
            element(SEQUENCE, b"validity"),
            element(SEQUENCE, subject),
            vec![b'k'; rest],
        ];
        element(SEQUENCE, &element(SEQUENCE, &tbs.concat()))
    }

    /// Finds the certificates of a subject without an index.
    fn by_decoding(pem: &[u8], subject: &[u8]) -> Vec<Vec<u8>> {
        pem::certificates(pem)
            .filter(|der| Head::of(der).is_some_and(|head| head.subject == subject))
            .map(|der| der.to_vec())
            .collect()
    }

    fn by_index(pem: &[u8], subject: &[u8]) -> Vec<Vec<u8>> {
        let found = Bundle::new(pem.to_vec()).certificates_of(&[subject]);
        found.iter().map(|held| held.der.to_vec()).collect()
    }

    /// Writes a block with lines of `widths`, again and again, each ended by `newline`.
    fn block(der: &[u8], widths: &[usize], newline: &str) -> String {
        let base64 = STANDARD.encode(der);
        let mut rest = base64.as_str();
        let mut lines = Vec::new();
        for width in widths.iter().cycle() {
            let (line, more) = rest.split_at(rest.len().min(*width));
            lines.push(line);
            rest = more;
            if rest.is_empty() {
                break;
            }
        }
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            lines.join(newline)
        )
    }

    proptest! {
        #[test]
        fn the_index_finds_what_decoding_everything_finds(
            certificates in prop::collection::vec(
                (
                    any::<bool>(),
                    1_usize..22,
                    prop_oneof![0_usize..300, 400_usize..700],
                    prop::sample::select(SUBJECTS),
                    0_usize..200,
                    prop::sample::select(WIDTHS),
                    prop_oneof![6 => Just("\n"), 1 => Just("\r\n"), 1 => Just(" \n"), 1 => Just("\n\n"), 1 => Just("\n ")],
                    // A character is replaced in some.
                    prop::option::weighted(0.2, (0_usize..800, prop::sample::select(b"A/ =-\n\t!".as_slice()))),
                ),
                0..6,
            ),
        ) {
            let mut pem = Vec::new();
            for (version, serial, issuer, subject, rest, widths, newline, damage) in certificates {
                let mut text = block(&certificate(version, serial, issuer, subject, rest), widths, newline).into_bytes();
                if let Some((at, character)) = damage {
                    let at = at % text.len();
                    text[at] = character;
                }
                pem.append(&mut text);
            }
            for subject in SUBJECTS {
                prop_assert_eq!(by_index(&pem, subject), by_decoding(&pem, subject));
            }
        }
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a skipped test says why")]
    fn every_certificate_of_this_system_is_found_by_its_subject() {
        let Ok(pem) = std::fs::read("/etc/ssl/certs/ca-certificates.crt") else {
            eprintln!("skipped: this system has its certificates elsewhere");
            return;
        };
        let bundle = Bundle::new(pem);
        let mut in_vain = 0;
        for der in pem::certificates(bundle.pem()) {
            let subject = Head::of(&der).unwrap().subject.to_vec();
            let found = bundle.certificates_of(&[&subject]);
            assert!(found.iter().any(|held| held.der == der), "{subject:?}");
            let may_match = |entry: &&Entry| entry.subject.is_none_or(|known| known == Mark::of(&subject));
            let index = bundle.index.get().unwrap();
            in_vain += index.iter().filter(may_match).count() - found.len();
        }
        let all = bundle.index.get().map_or(0, Vec::len);
        // One in two, and one with a subject so long that every lookup decodes it.
        assert!(in_vain < 2 * all, "{in_vain} for {all} lookups");
    }

    #[test]
    fn lines_of_64_characters_are_not_decoded_to_be_indexed() {
        let der = certificate(true, 16, 80, b"an authority", 600);
        let index = |text: String| Bundle::new(text.into_bytes()).indexed();
        assert_eq!(
            index(block(&der, &[64], "\n"))[0].subject,
            Some(Mark::of(b"an authority"))
        );
        for text in [
            block(&der, &[76], "\n"),
            block(&der, &[64], "\r\n"),
            block(&der, &[64], " \n"),
        ] {
            assert_eq!(index(text.clone())[0].subject, None, "{text}");
        }
    }

    #[test]
    fn clients_share_a_bundle_as_long_as_one_has_it() {
        let path = tempfile::tempdir().unwrap().path().join("bundle.pem");
        let read = |text: &'static str| move |_: &Path| Ok::<_, Infallible>(text.as_bytes().to_vec());
        let Ok(first) = Bundle::shared(&path, read("one"));
        let Ok(second) = Bundle::shared(&path, read("two"));
        assert!(Arc::ptr_eq(&first, &second));
        let Ok(other) = Bundle::shared(&path.join("other"), read("other"));
        assert_eq!(other.pem(), b"other");
        drop((first, second));
        let Ok(third) = Bundle::shared(&path, read("three"));
        assert_eq!(third.pem(), b"three");
        let unread = Bundle::shared(&path, |_| Err("it is not read again"));
        assert!(Arc::ptr_eq(&unread.unwrap(), &third));
        assert!(Bundle::shared(&path.join("none"), |_| Err("no file")).is_err());
    }
}
