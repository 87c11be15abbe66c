//! The extra of a connection: the text of a JSON object.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`_validate_extra`, `get_extra_dejson`).

use super::malformed::Malformed;
use crate::python::json::{self, Object, Value};

/// An extra: its text, which is not empty, and Airflow's `extra_dejson` of it.
#[derive(Clone)]
pub(super) struct Extra {
    text: String,
    /// Always an object.
    value: Value,
}

impl Extra {
    /// Parses `text`, as Airflow's `_validate_extra` does.
    pub(super) fn parse(text: String) -> Result<Self, Malformed> {
        match json::loads(&text) {
            Ok(value @ Value::Object(_)) => Ok(Self { text, value }),
            Ok(value) => Err(not_an_object(&value)),
            Err(error) if error.is_decode_error() => {
                Err(Malformed::new("`extra` is not JSON").because(error))
            }
            Err(error) => Err(Malformed::new("`extra` is JSON that cannot be read").because(error)),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    pub(super) fn object(&self) -> &Object {
        self.value.as_object().expect("`parse` accepts only an object")
    }
}

fn not_an_object(value: &Value) -> Malformed {
    let malformed = Malformed::of_type("extra", value, "a JSON object");
    match value.as_str().map(json::loads) {
        Some(Ok(Value::Object(_))) => malformed.hint(
            "`extra` is JSON text inside JSON text: encode it once, as an object or as the text of an object",
        ),
        _ => malformed,
    }
}
