//! The error of a kwarg that the backend does not know, with the one that is probably meant.
//!
//! Must not know any backend: each passes its own names, and the names that people know from other tools.

use super::{Kwarg, Kwargs, prefixes, shown_name};
use crate::error::{Error, Result};
use crate::nearest::{meant, nearest};

/// A name that people know from another tool, and the kwarg that it means here.
pub type Meaning = (&'static str, &'static str);

/// How many kwargs a hint lists without `-v`.
const MOST_LISTED: usize = 4;

impl Kwargs {
    /// Looks for a kwarg that is not in `known`, before anything is taken.
    ///
    /// An error about a misspelt name helps more than one about the missing right name. `meanings` lists names from other tools,
    /// in lower case with `_`, and the kwarg that each means here.
    ///
    /// # Errors
    /// An unknown kwarg, with status 2 and the kwarg that is probably meant, found by meaning or by spelling.
    pub fn refuse_unknown(&self, known: &[&str], meanings: &[Meaning]) -> Result<()> {
        match self
            .values
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            None => Ok(()),
            Some((name, kwarg)) => Err(kwarg.unknown(name, known, meanings)),
        }
    }

    /// Returns a warning for each kwarg that is left, where Airflow ignores unknown kwargs.
    ///
    /// Call it when every known kwarg is taken. `known` and `meanings` are as in [`refuse_unknown`](Self::refuse_unknown).
    #[must_use]
    pub fn ignored(&self, known: &[&str], meanings: &[Meaning]) -> Vec<String> {
        let warning = |name: &str| {
            let shown = shown_name(name);
            let ignored = format!("backend kwarg `{shown}` is unknown and ignored, as in Airflow");
            match probable(name, known, meanings) {
                Some(meant) => format!("{ignored}; did you mean `{meant}`?"),
                None => ignored,
            }
        };
        self.remaining().map(warning).collect()
    }

    /// Checks that every kwarg was taken.
    ///
    /// # Errors
    /// An unknown kwarg, with status 2 and the nearest of `known`.
    pub fn finish(self, known: &[&str]) -> Result<()> {
        match self.values.into_iter().next() {
            None => Ok(()),
            Some((name, kwarg)) => Err(kwarg.unknown(&name, known, &[])),
        }
    }
}

impl Kwarg {
    /// Returns the error of a kwarg that the backend does not know.
    fn unknown(&self, name: &str, known: &[&str], meanings: &[Meaning]) -> Error {
        let mut error = Error::usage(format!("unknown backend kwarg `{}`", shown_name(name)));
        if let Some(place) = self.set_by() {
            error = error.with_detail(place);
        }
        match probable(name, known, meanings) {
            Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
            None if known.is_empty() => error.with_hint("this backend takes no kwargs"),
            None if known.len() <= MOST_LISTED => {
                error.with_hint(format!("this backend's kwargs are {}", listed(known)))
            }
            None => error
                .with_hint("`-v` lists the kwargs of this backend")
                .with_long_hint(format!("this backend's kwargs are {}", listed(known))),
        }
    }
}

/// Returns the kwarg of `known` that `name` probably means.
fn probable<'a>(name: &str, known: &[&'a str], meanings: &[Meaning]) -> Option<&'a str> {
    let of_prefixes = || meant(name, prefixes::MEANINGS).filter(|kwarg| known.contains(kwarg));
    meant(name, meanings)
        .or_else(of_prefixes)
        .or_else(|| nearest(name, known))
}

fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::samples::kwargs;
    use super::*;
    use crate::python::json::Value;

    #[test]
    fn an_unknown_kwarg_is_found_by_its_meaning_and_a_long_list_is_for_verbose_runs() {
        const KNOWN: &[&str] = &["url", "namespace", "verify", "role_id", "token"];
        const MEANINGS: &[Meaning] = &[("vault_addr", "url"), ("ca_cert", "verify")];
        for name in ["vault_addr", "VAULT_ADDR", "Vault-Addr"] {
            let error = kwargs(&[(name, Value::Null)])
                .refuse_unknown(KNOWN, MEANINGS)
                .unwrap_err();
            assert_eq!(error.hint(), Some("did you mean `url`?"), "{name}");
        }
        let unknown = || {
            kwargs(&[("zzz", Value::Null)])
                .refuse_unknown(KNOWN, MEANINGS)
                .unwrap_err()
        };
        assert_eq!(unknown().hint(), Some("`-v` lists the kwargs of this backend"));
        assert_eq!(
            unknown().in_full().hint(),
            Some("this backend's kwargs are `url`, `namespace`, `verify`, `role_id`, `token`")
        );
    }

    #[test]
    fn other_names_of_prefixes_mean_them_where_the_backend_has_them() {
        let hint = |name: &str, known: &[&str]| {
            let error = kwargs(&[(name, Value::Null)]).refuse_unknown(known, &[]);
            error.unwrap_err().hint().map(str::to_owned)
        };
        let known = ["connections_prefix", "variables_prefix", "config_prefix", "sep"];
        for (name, meant) in prefixes::MEANINGS {
            assert_eq!(
                hint(name, &known),
                Some(format!("did you mean `{meant}`?")),
                "{name}"
            );
            assert!(!known.contains(name), "{name}");
        }
        assert_eq!(
            hint("delimiter", &["url"]).as_deref(),
            Some("this backend's kwargs are `url`")
        );
    }

    #[test]
    fn an_unknown_kwarg_gets_the_nearest_right_name() {
        let error = kwargs(&[("conections_path", Value::Null)])
            .finish(&["connections_path", "variables_path"])
            .unwrap_err();
        assert_eq!(error.message(), "unknown backend kwarg `conections_path`");
        assert_eq!(error.hint(), Some("did you mean `connections_path`?"));
    }
}
