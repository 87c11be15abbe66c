//! "Did you mean": the known name that is nearest to a misspelt one.

/// How many characters of a name are compared: no known name is longer, and a wrong one may be the content of a whole file.
const MOST_CHARACTERS: usize = 64;

/// Returns the known name that `name` stands for. `meanings` pairs other names, in lower case with `_`, with known names.
#[must_use]
pub(crate) fn meant<'a>(name: &str, meanings: &[(&str, &'a str)]) -> Option<&'a str> {
    let name = normalized(name);
    let found = meanings.iter().find(|(other, _)| *other == name)?;
    Some(found.1)
}

/// Returns the beginning of `name` in lower case, with `_` for other separators.
fn normalized(name: &str) -> String {
    name.chars()
        .take(MOST_CHARACTERS)
        .collect::<String>()
        .to_lowercase()
        .replace(['-', ' ', '.'], "_")
}

/// Returns the name of `known` that is nearest to `name`, or `None` if none is near.
///
/// It is never `name` itself: if a known name is wrong, the spelling is not the problem.
#[must_use]
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let typed = name;
    let name = normalized(name);
    known
        .iter()
        .filter(|candidate| **candidate != typed)
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), *candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

/// Returns those of `candidates` that at most `most` edits make of `name`, the nearest first. Case does not count.
///
/// An edit inserts, removes or replaces one character, or swaps two neighbours.
pub(crate) fn within_edits<T>(
    name: &str,
    most: usize,
    candidates: impl IntoIterator<Item = T>,
    text_of: impl Fn(&T) -> &str,
) -> Vec<T> {
    let name = name.to_lowercase();
    let distance = |candidate: &T| {
        let text = text_of(candidate);
        // A character has at most four bytes.
        let may_be_near = text.len().abs_diff(name.len()) <= 4 * most;
        may_be_near.then(|| strsim::osa_distance(&name, &text.to_lowercase()))
    };
    let mut near: Vec<(usize, T)> = candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(&candidate)?, candidate)))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::{nearest, within_edits};

    #[test]
    fn the_nearest_come_first_and_the_far_not_at_all() {
        let names = ["smtp_default", "smpt_defualt", "SMTP_DEFAULT_2", "s3"];
        let near = |most| within_edits("smtp_defualt", most, names, |name| name);
        assert_eq!(near(1), ["smtp_default", "smpt_defualt"]);
        assert_eq!(near(3), ["smtp_default", "smpt_defualt", "SMTP_DEFAULT_2"]);
        assert!(near(0).is_empty());
    }

    #[test]
    fn the_nearest_name_is_found_in_any_spelling() {
        let known = ["connections_path", "variables_path"];
        for name in ["conections_path", "Connections-Path", "connections path"] {
            assert_eq!(nearest(name, &known), Some("connections_path"), "{name}");
        }
        assert_eq!(nearest("url", &known), None);
    }

    #[test]
    fn the_name_itself_is_never_the_nearest() {
        assert_eq!(nearest("password", &["password", "schema"]), None);
        assert_eq!(nearest("Password", &["password", "schema"]), Some("password"));
    }

    #[test]
    fn an_empty_or_endless_name_has_no_nearest() {
        assert_eq!(nearest("", &["password"]), None);
        assert_eq!(nearest(&"\u{1f600}".repeat(1_000_000), &["password"]), None);
    }
}
