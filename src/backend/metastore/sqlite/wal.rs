//! A write-ahead log that a crash has left: the database with the log's committed pages, in memory.
//!
//! SQLite would make a `-shm` file beside such a database to read it, and secretctl makes no file. Must not know any table.
//!
//! Source: <https://www.sqlite.org/fileformat2.html>, section 4.

/// The bytes of a log's header, and of the header of each of its frames.
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// The number at the start of a log; the last bit says that its checksums are of big-endian words.
const MAGIC: u32 = 0x377f_0682;

/// The sizes of a page that SQLite has.
const PAGE_SIZES: std::ops::RangeInclusive<usize> = 512..=65_536;

/// Applies the committed transactions of `log` to `database`, and marks it as one without a log.
///
/// As SQLite does it, the log ends at the first frame that does not fit: one of another generation, or one that was not written
/// completely.
/// Returns `None` for a log after which the database would be larger than both.
pub(super) fn apply(database: &mut Vec<u8>, log: &[u8]) -> Option<()> {
    if let Some(log) = Log::new(log) {
        let frames = log.committed();
        if let Some(last) = frames.last() {
            let bytes = |pages: u32| {
                usize::try_from(pages)
                    .unwrap_or(usize::MAX)
                    .saturating_mul(log.page_size)
            };
            let most = database.len().saturating_add(log.rest.len());
            if bytes(last.pages_after) > most {
                return None;
            }
            database.resize(bytes(last.pages_after).max(database.len()), 0);
            for frame in &frames {
                let start = bytes(frame.page.saturating_sub(1));
                // A page that a later transaction has cut off.
                if let Some(page) = database.get_mut(start..start.saturating_add(log.page_size)) {
                    page.copy_from_slice(frame.data);
                }
            }
            database.truncate(bytes(last.pages_after));
        }
    }
    if let Some(versions) = database.get_mut(18..20) {
        versions.fill(1);
    }
    Some(())
}

/// A log whose header is valid.
struct Log<'a> {
    big_endian: bool,
    page_size: usize,
    salts: &'a [u8],
    checksum: (u32, u32),
    rest: &'a [u8],
}

/// A page as a transaction leaves it.
struct Frame<'a> {
    /// Counted from 1.
    page: u32,
    /// The size of the database after the transaction, in pages; 0 if it goes on.
    pages_after: u32,
    data: &'a [u8],
}

impl<'a> Log<'a> {
    fn new(log: &'a [u8]) -> Option<Self> {
        let (header, rest) = log.split_at_checked(HEADER)?;
        let magic = word(header, 0);
        if magic | 1 != MAGIC | 1 {
            return None;
        }
        let page_size = usize::try_from(word(header, 8)).ok()?;
        let big_endian = magic & 1 == 1;
        let checksum = add((0, 0), &header[..24], big_endian);
        let is_valid = checksum == (word(header, 24), word(header, 28))
            && PAGE_SIZES.contains(&page_size)
            && page_size.is_power_of_two();
        is_valid.then_some(Self {
            big_endian,
            page_size,
            salts: &header[16..24],
            checksum,
            rest,
        })
    }

    /// Returns the frames of all transactions that were committed.
    fn committed(&self) -> Vec<Frame<'a>> {
        let mut checksum = self.checksum;
        let mut frames = Vec::new();
        let mut committed = 0;
        for frame in self.rest.chunks_exact(FRAME_HEADER + self.page_size) {
            let (header, data) = frame.split_at(FRAME_HEADER);
            checksum = add(checksum, &header[..8], self.big_endian);
            checksum = add(checksum, data, self.big_endian);
            let page = word(header, 0);
            if &header[8..16] != self.salts || checksum != (word(header, 16), word(header, 20)) || page == 0 {
                break;
            }
            let pages_after = word(header, 4);
            frames.push(Frame {
                page,
                pages_after,
                data,
            });
            if pages_after != 0 {
                committed = frames.len();
            }
        }
        frames.truncate(committed);
        frames
    }
}

/// Returns the big-endian word at `at`.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|word| word.try_into().ok())
        .map_or(0, u32::from_be_bytes)
}

/// Goes on with a checksum over `bytes`, whose number of words is even.
fn add((mut first, mut second): (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    let word = |bytes: &[u8]| {
        let word = word(bytes, 0);
        if big_endian { word } else { word.swap_bytes() }
    };
    for pair in bytes.chunks_exact(8) {
        first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
        second = second.wrapping_add(word(&pair[4..])).wrapping_add(first);
    }
    (first, second)
}
