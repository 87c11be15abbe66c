//! `markupsafe.escape`.

use super::problem::Result;
use super::text_of::text_of;
use super::value::{Text, Value};

/// Returns `escape(value)`: text that `tojson`, `escape` or `safe` made stays as it is.
pub(super) fn escape(value: &Value) -> Result<Text> {
    match value {
        Value::Markup(text) => Ok(text.clone()),
        other => Ok(escape_text(&text_of(other)?)),
    }
}

/// Returns `text` with `& < > ' "` as entities.
pub(super) fn escape_text(text: &str) -> Text {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out.into()
}
