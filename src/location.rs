//! Where one step of a lookup looks: an address that only its backend reads, and the words for it.
//!
//! Owns the contract by which a backend describes its places, so that neither the resolver nor `explain` knows any backend.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::shown::shown;

/// An address within a backend, such as the name of a secret or the path of a file.
///
/// Each backend has its own type for it. An address never holds a value.
pub trait Address: Any + fmt::Debug + Send + Sync {
    /// Returns what is looked for, as in "looked for secret `a`, then variable `b`".
    fn words(&self) -> String;

    /// Returns where it is looked for, as in "secret `a` in Azure Key Vault <https://kv.vault.azure.net/>". `place` is what
    /// the backend calls itself.
    fn sentence(&self, place: &str) -> String;

    /// Returns the keys and values that `explain -o json` shows, in order.
    fn fields(&self) -> Vec<(&'static str, Value)>;

    /// Returns what the address has before `id`, in each form in which people copy it. None where an id cannot be copied with a
    /// prefix.
    fn prefixes(&self, id: &str) -> Vec<String> {
        let _ = id;
        Vec::new()
    }
}

/// Where a step of a lookup looks.
#[derive(Clone)]
pub struct Location(Arc<dyn Address>);

impl Location {
    /// Creates a location from a backend's own address.
    pub fn new(address: impl Address) -> Self {
        Self(Arc::new(address))
    }

    /// Returns the address as the backend's own type.
    ///
    /// # Errors
    /// A location that another backend planned: an internal error, never an answer.
    pub fn address<A: Address>(&self) -> Result<&A> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
            .ok_or_else(|| Error::internal("a backend was asked for a step that another backend planned"))
    }

    /// Returns what is looked for. See [`Address::words`].
    #[must_use]
    pub fn words(&self) -> String {
        self.0.words()
    }

    /// Returns where it is looked for. See [`Address::sentence`].
    #[must_use]
    pub fn sentence(&self, place: &str) -> String {
        self.0.sentence(place)
    }

    /// Returns what the address has before `id`. See [`Address::prefixes`].
    #[must_use]
    pub fn prefixes(&self, id: &str) -> Vec<String> {
        self.0.prefixes(id)
    }

    /// Returns what `explain -o json` shows. See [`Address::fields`].
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, Value)> {
        self.0.fields()
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place that is named as a whole: Airflow's database, or its API server.
#[derive(Debug)]
pub(crate) struct WholePlace {
    /// The connection id, variable key or option that is looked for there.
    pub(crate) id: String,
}

impl Address for WholePlace {
    fn words(&self) -> String {
        format!("`{}`", shown(&self.id))
    }

    fn sentence(&self, place: &str) -> String {
        place.to_owned()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[derive(Debug)]
    struct Elsewhere;

    impl Address for Elsewhere {
        fn words(&self) -> String {
            "x".to_owned()
        }

        fn sentence(&self, place: &str) -> String {
            format!("x in {place}")
        }

        fn fields(&self) -> Vec<(&'static str, Value)> {
            vec![("x", 1.into())]
        }
    }

    #[test]
    fn an_address_of_another_backend_is_an_internal_error() {
        let location = Location::new(Elsewhere);
        assert!(location.address::<Elsewhere>().is_ok());
        let error = location.address::<WholePlace>().expect_err("it is another's");
        assert_eq!(error.kind(), ErrorKind::Internal);
    }
}
