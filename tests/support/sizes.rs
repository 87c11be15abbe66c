//! The number of cases of a differential test, and their seed.

use std::sync::OnceLock;

use super::variable;

/// Returns whether this is the full run (`scripts/test --full`).
pub fn full() -> bool {
    variable("SECRETCTL_TEST_FULL").as_deref() == Some("1")
}

/// Returns the number of cases: `all` in the full run, else `ci`.
pub fn cases(ci: usize, all: usize) -> usize {
    if full() { all } else { ci }
}

/// Returns whether a generator gave at least one such case in `one_in`, so that it proves something. Of few cases, luck may take three
/// standard deviations.
pub fn enough(such: usize, of: usize, one_in: usize) -> bool {
    let expected = of / one_in;
    let lacking = expected.saturating_sub(such);
    such > 0 && lacking * lacking <= 9 * expected
}

/// Returns the seed of this run: `SECRETCTL_TEST_SEED`, else the clock. It is printed, so a failure can be repeated.
pub fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    let seed = *SEED.get_or_init(|| {
        if let Some(text) = variable("SECRETCTL_TEST_SEED") {
            return text.parse().expect("SECRETCTL_TEST_SEED is a number");
        }
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        u64::from(now.subsec_nanos()) ^ now.as_secs().rotate_left(20)
    });
    eprintln!("SECRETCTL_TEST_SEED={seed}");
    seed
}

/// Returns a separate generator for `domain`, so parallel tests do not change each other's cases.
pub fn random(domain: &str) -> Random {
    let mut state = seed();
    for byte in domain.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    Random(state)
}

/// A small repeatable generator (`SplitMix64`): the same seed gives the same cases on every machine.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Creates a generator that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Returns true once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Picks one of `choices`.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

#[test]
fn the_same_seed_gives_the_same_cases() {
    let (mut one, mut two) = (Random::new(7), random("a domain"));
    assert_eq!(Random::new(7).next(), one.next());
    assert_eq!(random("a domain").next(), two.next());
    assert_ne!(random("another domain").next(), random("a domain").next());
    assert!(one.below(3) < 3);
    assert!([1, 2].contains(two.pick(&[1, 2])));
    assert!(one.one_in(1));
    assert_eq!(cases(5, 5), 5);
}
