//! The little of XML that the answers of STS need: an element by its name, and entities.
//!
//! Not a parser: it serves answers of a known form, whose elements have no attributes.

/// Returns what is between the tags of the first element `name`.
pub(super) fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text)
}

/// Replaces the entities of XML.
pub(super) fn decoded(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some((plain, after)) = rest.split_once('&') {
        decoded.push_str(plain);
        let Some((c, after)) = after
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)))
        else {
            decoded.push('&');
            rest = after;
            continue;
        };
        decoded.push(c);
        rest = after;
    }
    decoded.push_str(rest);
    decoded
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_replaced_and_a_lone_ampersand_stays() {
        assert_eq!(decoded(" a&amp;b&#x3D;&#61;&lt;&gt;&quot;&apos; "), "a&b==<>\"'");
        assert_eq!(decoded("a & b &nbsp; &#xffffffff;"), "a & b &nbsp; &#xffffffff;");
    }
}
