//! Where one step of a lookup looks: an address that only its backend reads, and its description.
//!
//! Owns the contract by which a backend describes its locations, so that neither the resolver nor `explain` knows any backend.

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

    /// Returns where it is looked for, as in "secret `a` in Azure Key Vault <https://kv.vault.azure.net/>".
    ///
    /// `place` is what [`place`](crate::backend::SecretsBackend::place) of the backend returns.
    fn sentence(&self, place: &str) -> String;

    /// Returns the keys and values that `explain -o json` shows, in order.
    fn fields(&self) -> Vec<(&'static str, Value)>;

    /// Returns a text that this address has and no other address of its backend.
    fn key(&self) -> String {
        format!("{self:?}")
    }

    /// Returns the prefixes with which people may copy `id` from this address.
    ///
    /// `kv/data/connections/` and `connections/` are prefixes of one Vault path. The default returns none.
    fn prefixes(&self, id: &str) -> Vec<String> {
        let _ = id;
        Vec::new()
    }

    /// Returns what a null value is at this address, as in "secret `a` exists, but *is null*", and the hint about it.
    fn null(&self) -> Null {
        Null::VALUE
    }
}

/// What Airflow reads as `None` at an address.
#[derive(Clone, Copy, Debug)]
pub struct Null {
    /// What is wrong with the thing that exists.
    pub words: &'static str,
    /// The way out.
    pub hint: &'static str,
}

impl Null {
    /// A value that is null in JSON.
    const VALUE: Self = Self {
        words: "is null",
        hint: "Airflow treats null as not found: set it to a value, or to `\"\"` for an empty one",
    };
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
    /// A location of another backend: an internal error, never an answer.
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

    /// Returns a text that no other address of its backend has. See [`Address::key`].
    #[must_use]
    pub fn key(&self) -> String {
        self.0.key()
    }

    /// Returns the prefixes of `id`. See [`Address::prefixes`].
    #[must_use]
    pub fn prefixes(&self, id: &str) -> Vec<String> {
        self.0.prefixes(id)
    }

    /// Returns what a null value is there. See [`Address::null`].
    #[must_use]
    pub fn null(&self) -> Null {
        self.0.null()
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

/// What a backend adds to the name of a secret, so that the two are its own address.
pub(crate) trait SecretPlace: Any + fmt::Debug + Send + Sync {
    /// Returns what `explain -o json` shows of the secret with this name. See [`Address::fields`].
    fn fields(&self, secret_name: &str) -> Vec<(&'static str, Value)>;

    /// Returns what a null value is there. See [`Address::null`].
    fn null(&self) -> Null {
        Null::VALUE
    }
}

/// The address of a secret that has a name computed from the id, in a place of one backend.
#[derive(Debug)]
pub(crate) struct NamedSecret<P> {
    pub(crate) place: P,
    /// The name; empty when it cannot be computed.
    pub(crate) name: String,
}

impl<P: SecretPlace> Address for NamedSecret<P> {
    fn words(&self) -> String {
        format!("secret `{}`", shown(&self.name))
    }

    fn sentence(&self, place: &str) -> String {
        format!("{} in {place}", self.words())
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.place.fields(&self.name)
    }

    fn prefixes(&self, id: &str) -> Vec<String> {
        let prefix = self.name.strip_suffix(id);
        prefix.map(str::to_owned).into_iter().collect()
    }

    fn null(&self) -> Null {
        self.place.null()
    }
}

/// The address of a place without parts: Airflow's database, or its API server.
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
