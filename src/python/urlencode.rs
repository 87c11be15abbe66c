//! `urllib.parse.urlencode`, for text.
//!
//! <https://docs.python.org/3.11/library/urllib.parse.html#urllib.parse.urlencode>

use super::quote::quote_plus;

/// Joins names and values into a query.
pub fn urlencode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (index, (name, value)) in pairs.into_iter().enumerate() {
        if index > 0 {
            query.push('&');
        }
        query.push_str(&quote_plus(name));
        query.push('=');
        query.push_str(&quote_plus(value));
    }
    query
}

#[cfg(test)]
mod tests {
    use super::urlencode;

    #[test]
    fn names_and_values_are_quoted() {
        assert_eq!(urlencode([("a b", "é"), ("", "&=")]), "a+b=%C3%A9&=%26%3D");
        assert_eq!(urlencode([]), "");
    }
}
