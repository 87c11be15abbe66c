//! What is reported of one module, and how: names that are known, and those that are not.

use std::collections::HashMap;

use ruff_text_size::{TextRange, TextSize};

use super::evaluate::{At, Evaluator};
use super::parse_time::ParseTime;
use super::project::Module;
use super::template;
use super::value::{Value, Values};
use crate::inspect::{CodeNames, NameUse, Origin, Place, UnknownUse};
use crate::value::SecretKind;

/// A use that is about to be reported.
pub(super) struct Use {
    pub(super) kind: SecretKind,
    pub(super) offset: TextSize,
    pub(super) origin: Origin,
    pub(super) has_default: bool,
    pub(super) as_json: bool,
    /// What is said of it when its name is not known.
    pub(super) what: String,
}

/// The state of a walk over one module.
pub(super) struct Finder<'e, 'p, 'a> {
    pub(super) evaluator: &'e Evaluator<'p, 'a>,
    pub(super) module: &'p Module<'a>,
    pub(super) at: At,
    pub(super) parse_time: &'e ParseTime,
    /// Whether the code here runs when Airflow parses the file.
    pub(super) runs_at_parse: bool,
    /// Whether this is a part of a text that has been looked at as a whole.
    pub(super) in_text: bool,
    pub(super) found: CodeNames,
    /// The uses that each call has reported, to add the fields that are used of its result.
    pub(super) calls: HashMap<TextRange, std::ops::Range<usize>>,
    pub(super) fields: Vec<(TextRange, Vec<String>)>,
    /// The `default_args` of the DAGs and groups around this, or, outside of any, those met so far.
    pub(super) default_args: Vec<Values>,
    /// The last parts of the file names in its texts.
    pub(super) files_named: Vec<&'a str>,
}

impl Finder<'_, '_, '_> {
    pub(super) fn finish(mut self) -> CodeNames {
        for (call, path) in &self.fields {
            // `x["a"]` is a part of `x["a"]["b"]`.
            let is_part = |other: &Vec<String>| other.len() > path.len() && other.starts_with(path);
            if self
                .fields
                .iter()
                .any(|(other_call, other)| other_call == call && is_part(other))
            {
                continue;
            }
            for index in self.calls.get(call).cloned().into_iter().flatten() {
                let fields = &mut self.found.uses[index].fields;
                if !fields.contains(path) {
                    fields.push(path.clone());
                }
            }
        }
        self.found
    }

    pub(super) fn place(&self, offset: TextSize) -> Place {
        self.module.lines.place(offset.to_usize())
    }

    /// Reports the names that the values are, and whether there are others.
    pub(super) fn report(&mut self, values: &Values, used: Use) {
        let mut unknown = !values.complete;
        let place = self.place(used.offset);
        for value in &values.options {
            match value {
                Value::Text(name) if name.is_empty() => {}
                Value::Text(name) if template::is_template(name) => unknown = true,
                Value::Text(name) => self.found.uses.push(NameUse {
                    kind: used.kind,
                    name: name.to_string(),
                    place: place.clone(),
                    origin: used.origin.clone(),
                    has_default: used.has_default,
                    as_json: used.as_json,
                    fields: Vec::new(),
                    at_parse_time: self.runs_at_parse
                        && matches!(used.origin, Origin::Call | Origin::Environment),
                }),
                Value::None => {}
                _ => unknown = true,
            }
        }
        if unknown {
            self.found.unknown.push(UnknownUse {
                kind: used.kind,
                place,
                what: used.what,
            });
        }
    }

    /// Reports the names in a template. `base` is where the text starts, `exact` that its bytes are the source's.
    pub(super) fn report_template(&mut self, text: &str, base: TextSize, exact: bool) {
        for found in template::parse(text).uses {
            let offset = if exact {
                TextSize::try_from(found.offset).unwrap_or_default()
            } else {
                TextSize::new(0)
            };
            let place = self.place(base + offset);
            match found.name {
                Some(name) => {
                    let fields = if found.fields.is_empty() {
                        Vec::new()
                    } else {
                        vec![found.fields]
                    };
                    let found = NameUse {
                        kind: found.kind,
                        name,
                        place,
                        origin: Origin::Template,
                        has_default: found.has_default,
                        as_json: found.as_json,
                        fields,
                        at_parse_time: false,
                    };
                    if !self.found.uses.contains(&found) {
                        self.found.uses.push(found);
                    }
                }
                None => self.found.unknown.push(unknown_in_template(found.kind, place)),
            }
        }
    }

    /// Whether the `default_args` here have a parameter.
    pub(super) fn defaults_have(&self, name: &str) -> bool {
        self.default_args
            .iter()
            .flat_map(|values| &values.options)
            .any(|value| match value {
                Value::Dict(items) => items.iter().any(|(key, _)| {
                    key.options
                        .iter()
                        .any(|key| matches!(key, Value::Text(text) if **text == *name))
                }),
                _ => false,
            })
    }
}

/// The use of an argument.
pub(super) fn argument(name: &str, offset: TextSize) -> Use {
    Use {
        kind: SecretKind::Connection,
        offset,
        origin: Origin::Argument(name.to_owned()),
        has_default: false,
        as_json: false,
        what: format!("{name}=…"),
    }
}

/// A use in a template whose name is not known.
pub(super) fn unknown_in_template(kind: SecretKind, place: Place) -> UnknownUse {
    let what = if kind == SecretKind::Variable {
        "{{ var.… }}"
    } else {
        "{{ conn.… }}"
    };
    UnknownUse {
        kind,
        place,
        what: what.to_owned(),
    }
}
