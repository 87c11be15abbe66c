//! What botocore checks in the parameters of a role before it sends them.
//!
//! Only types, required members, unknown members and minimum lengths: the service checks the rest. Source: botocore 1.44.8,
//! `validate.py` (`ParamValidator`) and `data/sts/2011-06-15/service-2.json.gz`.

use super::credentials::Credentials;
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::python::json::{Object, Value};
use crate::secret::Secret;
use crate::shown::shown;

pub(super) const WHAT: &str = "AWS's Security Token Service";

/// What a role is assumed with.
#[derive(Clone, Copy)]
pub(crate) enum Action<'a> {
    AssumeRole(&'a Credentials),
    /// The token of a web identity, which takes the place of a signature.
    WebIdentity(&'a Secret),
}

impl Action<'_> {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AssumeRole(_) => "AssumeRole",
            Self::WebIdentity(_) => "AssumeRoleWithWebIdentity",
        }
    }
}

/// The type of a parameter.
enum Shape {
    /// With the minimum number of characters.
    Text(usize),
    /// With the minimum.
    Integer(i64),
    /// With the minimum number of members.
    List(usize, &'static Shape),
    Structure(&'static Structure),
}

/// The members of a structure, and which of them it must have.
struct Structure {
    members: &'static [(&'static str, Shape)],
    required: &'static [&'static str],
}

const ARN: Shape = Shape::Text(20);

const POLICY_ARNS: Shape = Shape::List(
    0,
    &Shape::Structure(&Structure {
        members: &[("arn", ARN)],
        required: &[],
    }),
);

const ASSUME_ROLE: Structure = Structure {
    members: &[
        ("RoleArn", ARN),
        ("RoleSessionName", Shape::Text(2)),
        ("PolicyArns", POLICY_ARNS),
        ("Policy", Shape::Text(1)),
        ("DurationSeconds", Shape::Integer(900)),
        (
            "Tags",
            Shape::List(
                0,
                &Shape::Structure(&Structure {
                    members: &[("Key", Shape::Text(1)), ("Value", Shape::Text(0))],
                    required: &["Key", "Value"],
                }),
            ),
        ),
        ("TransitiveTagKeys", Shape::List(0, &Shape::Text(1))),
        ("ExternalId", Shape::Text(2)),
        ("SerialNumber", Shape::Text(9)),
        ("TokenCode", Shape::Text(6)),
        ("SourceIdentity", Shape::Text(2)),
        (
            "ProvidedContexts",
            Shape::List(
                1,
                &Shape::Structure(&Structure {
                    members: &[("ProviderArn", ARN), ("ContextAssertion", Shape::Text(4))],
                    required: &[],
                }),
            ),
        ),
        ("MinimumSessionTokenSize", Shape::Integer(0)),
    ],
    required: &["RoleArn", "RoleSessionName"],
};

/// `WebIdentityToken` is checked apart.
const WEB_IDENTITY: Structure = Structure {
    members: &[
        ("RoleArn", ARN),
        ("RoleSessionName", Shape::Text(2)),
        ("ProviderId", Shape::Text(4)),
        ("PolicyArns", POLICY_ARNS),
        ("Policy", Shape::Text(1)),
        ("DurationSeconds", Shape::Integer(900)),
        ("MinimumSessionTokenSize", Shape::Integer(0)),
    ],
    required: &["RoleArn", "RoleSessionName"],
};

/// The minimum number of characters of a web identity's token.
const SHORTEST_TOKEN: usize = 4;

/// Checks the parameters of `AssumeRole`; `kwarg` is where they come from.
///
/// # Errors
/// A parameter that is unknown, missing or of the wrong type or length, with status 2.
pub(crate) fn check(kwarg: &str, parameters: &Object) -> Result<()> {
    check_structure(&ASSUME_ROLE, parameters, "", &format!("backend kwarg `{kwarg}`"))
}

/// Checks the parameters of `action`; `place` is where they come from.
///
/// # Errors
/// As [`check`]; a token that is too short, with status 4.
pub(super) fn check_all(action: Action<'_>, parameters: &Object, place: &str) -> Result<()> {
    match action {
        Action::AssumeRole(_) => check_structure(&ASSUME_ROLE, parameters, "", place),
        Action::WebIdentity(token) => {
            check_structure(&WEB_IDENTITY, parameters, "", place)?;
            let length = token.expose_text().map_or(0, |text| text.chars().count());
            if length < SHORTEST_TOKEN {
                return Err(Error::denied(format!(
                    "the web identity's token for the role of {place} is shorter than {SHORTEST_TOKEN} characters"
                ))
                .with_hint("check the file that the token comes from"));
            }
            Ok(())
        }
    }
}

fn check_structure(structure: &Structure, fields: &Object, path: &str, place: &str) -> Result<()> {
    let of = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    for name in structure.required {
        if !fields.contains_key(*name) {
            return Err(Error::usage(format!("{place} lacks `{}`", of(name))).with_hint("add it"));
        }
    }
    for (name, value) in fields {
        let Some((_, shape)) = structure.members.iter().find(|(member, _)| member == name) else {
            let known: Vec<&str> = structure.members.iter().map(|(member, _)| *member).collect();
            let error = Error::usage(format!("unknown parameter `{}` in {place}", of(&shown(name))));
            return Err(match nearest(name, &known) {
                Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
                None => error.with_hint("remove it"),
            });
        };
        check_value(shape, value, &of(name), place)?;
    }
    Ok(())
}

fn check_value(shape: &Shape, value: &Value, path: &str, place: &str) -> Result<()> {
    let wrong = |wanted: &str| {
        Err(
            Error::usage(format!("parameter `{path}` of {place} must be {wanted}"))
                .with_detail(format!("it is {}", value.described())),
        )
    };
    match (shape, value) {
        (Shape::Text(shortest), Value::String(text)) => {
            let length = text.chars().count();
            if length < *shortest {
                return Err(Error::usage(format!(
                    "parameter `{path}` of {place} must have at least {shortest} characters, not {length}"
                ))
                .with_hint("botocore refuses it before it asks AWS"));
            }
            Ok(())
        }
        (Shape::Integer(least), Value::Int(digits)) => {
            let is_less = digits
                .parse::<i64>()
                .map_or(digits.starts_with('-'), |number| number < *least);
            if is_less {
                return Err(
                    Error::usage(format!("parameter `{path}` of {place} must be at least {least}"))
                        .with_hint("botocore refuses it before it asks AWS"),
                );
            }
            Ok(())
        }
        // A boolean of Python's is an integer.
        (Shape::Integer(least), Value::Bool(boolean)) if i64::from(*boolean) >= *least => Ok(()),
        (Shape::List(fewest, shape), Value::List(items)) => {
            if items.len() < *fewest {
                return wrong(&format!("a list of at least {fewest}"));
            }
            for (at, item) in items.iter().enumerate() {
                check_value(shape, item, &format!("{path}[{at}]"), place)?;
            }
            Ok(())
        }
        (Shape::Structure(structure), Value::Object(fields)) => {
            check_structure(structure, fields, path, place)
        }
        (Shape::Text(_), _) => wrong("text"),
        (Shape::Integer(_), _) => wrong("a whole number"),
        (Shape::List(..), _) => wrong("a list"),
        (Shape::Structure(_), _) => wrong("an object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json;

    fn problem(text: &str) -> Option<String> {
        let Ok(Value::Object(parameters)) = json::loads(text) else {
            panic!("an object")
        };
        check("k", &parameters)
            .err()
            .map(|error| error.message().to_owned())
    }

    const GOOD: &str = r#""RoleArn": "arn:aws:iam::1:role/abc", "RoleSessionName": "ab""#;

    #[test]
    fn parameters_are_checked_against_the_model() {
        assert_eq!(problem(&format!("{{{GOOD}}}")), None);
        for (more, words) in [
            (r#""Tags": [{"Key": "a"}]"#, "lacks `Tags[0].Value`"),
            (r#""Tags": {}"#, "`Tags` of backend kwarg `k` must be a list"),
            (r#""DurationSeconds": 899"#, "must be at least 900"),
            (r#""DurationSeconds": true"#, "must be a whole number"),
            (r#""DurationSeconds": 900.0"#, "must be a whole number"),
            (r#""ExternalId": "a""#, "at least 2 characters, not 1"),
            (r#""ProvidedContexts": []"#, "a list of at least 1"),
            (r#""Policies": []"#, "unknown parameter `Policies`"),
            (
                r#""PolicyArns": [{"Arn": "x"}]"#,
                "unknown parameter `PolicyArns[0].Arn`",
            ),
        ] {
            let found = problem(&format!("{{{GOOD}, {more}}}"));
            assert!(
                found.as_ref().is_some_and(|found| found.contains(words)),
                "{more}: {found:?}"
            );
        }
        assert_eq!(
            problem(r#"{"RoleArn": "arn:aws:iam::1:role/abc"}"#).as_deref(),
            Some("backend kwarg `k` lacks `RoleSessionName`")
        );
    }
}
