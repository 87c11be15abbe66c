//! Lookup patterns of AWS's stores: whether a pattern matches does not depend on what looks at it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::python::re::Pattern;

/// Returns whether `pattern` matches, unless it is refused or takes too long.
fn matches(pattern: &str, text: &str) -> Option<bool> {
    Pattern::ignoring_case(pattern).ok()?.matches_start(text).ok()
}

fuzz_target!(|input: (&str, &str)| {
    let (pattern, text) = input;
    let error = Pattern::ignoring_case(pattern).err();
    assert!(error.is_none_or(|error| !error.to_string().is_empty()));
    let Some(matched) = matches(pattern, text) else { return };
    // A pattern with flags of its own, or with a comment at its end, cannot be put into another.
    for (around, expected) in [
        (format!("(?={pattern})"), matched),
        (format!("(?!{pattern})"), !matched),
        (format!("(?:{pattern})"), matched),
        (format!("(?:{pattern}){{1}}"), matched),
    ] {
        assert_eq!(matches(&around, text).unwrap_or(expected), expected, "{around:?}");
    }
    // What a match begins with stays, whatever follows the text that an end could look at.
    if !pattern.contains(['$', '!', '\\', '+', '?', '(']) && matched {
        assert_ne!(matches(pattern, &format!("{text}x")), Some(false), "{pattern:?}");
    }
});
