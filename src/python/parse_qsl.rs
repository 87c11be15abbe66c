//! `urllib.parse.parse_qsl(query, keep_blank_values=True)`.
//!
//! <https://docs.python.org/3.11/library/urllib.parse.html#urllib.parse.parse_qsl>

use super::quote::unquote;

/// Splits a query into names and values. Only `&` separates, `+` is a space, and a name without `=` has an empty value.
pub fn parse_qsl(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|field| !field.is_empty()).map(|field| {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        (unquote_plus(name), unquote_plus(value))
    })
}

fn unquote_plus(text: &str) -> String {
    unquote(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::parse_qsl;

    #[test]
    fn blanks_are_kept_and_semicolons_separate_nothing() {
        let pairs: Vec<_> = parse_qsl("a=1;b=2&&c&=d&e=f=g%3D+h").collect();
        let expected = [("a", "1;b=2"), ("c", ""), ("", "d"), ("e", "f=g= h")];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
