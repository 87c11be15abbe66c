//! Numbers: floats by their bits, and texts that `int()` reads or refuses.

use super::lists::{INTEGERS, TRICKY};
use super::{mutated, tricky};
use crate::support::Random;

pub(super) fn float(bits: u64) -> String {
    let value = f64::from_bits(bits);
    if value.is_finite() {
        format!("{value:e}")
    } else {
        "1e999".to_owned()
    }
}

pub(super) fn float_bits(random: &mut Random) -> u64 {
    match random.below(4) {
        0 => random.next(),
        1 => (f64::from(u32::try_from(random.below(1_000_000)).unwrap()) / 1000.0).to_bits(),
        2 => 10f64
            .powi(i32::try_from(random.below(640)).unwrap() - 320)
            .to_bits(),
        _ => (0x3ff0_0000_0000_0000 + (random.next() >> 4)) & !(1 << 63),
    }
}

pub(super) fn integer(random: &mut Random) -> String {
    match random.below(6) {
        0 => tricky(random, 4),
        1 => format!(
            "{}{}{}",
            random.pick(TRICKY),
            random.below(100_000),
            random.pick(TRICKY)
        ),
        2 => random.next().to_string(),
        3 if random.one_in(50) => "0".repeat(4295 + random.below(10)),
        _ => mutated(random, |random| (*random.pick(INTEGERS)).to_owned()),
    }
}
