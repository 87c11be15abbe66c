//! HTTP: `HttpHook`'s base URL.
//!
//! The login and password are not part of it: the hook sends them in a header. Source: apache-airflow-providers-http 6.3.0,
//! `airflow/providers/http/hooks/http.py` (`_set_base_url`).

use super::parts::{Parts, filled};
use super::{Format, Formats, Rendered};
use crate::error::Result;
use crate::python::urlsplit::urlsplit;

pub(super) const FORMATS: Formats = &[(Format::Url, base_url)];

fn base_url(parts: &Parts<'_>) -> Result<Rendered> {
    let host = parts.host.unwrap_or_default();
    let mut url = if host.contains("://") {
        host.to_owned()
    } else {
        format!("{}://{host}", filled(parts.schema).unwrap_or("http"))
    };
    if let Some(port) = parts.truthy_port() {
        url.push(':');
        url.push_str(port);
    }
    match urlsplit(&url) {
        Ok(split) if split.scheme.is_empty() => Err(parts.malformed("its URL has no scheme")),
        Ok(_) => {
            let is_plain = parts.conn_type == Some("https") && url.starts_with("http://");
            let mut rendered = Rendered::text(url);
            if is_plain {
                rendered.warnings.push(
                    "Airflow's hook asks a connection of type `https` over plain `http`, unless its schema is `https`: `https://HOST/https`"
                        .to_owned(),
                );
            }
            Ok(rendered)
        }
        Err(error) => Err(parts.malformed("its URL cannot be read").with_source(error)),
    }
}
