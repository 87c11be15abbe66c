//! Resolves many names: each once, a few at a time, with the results in the order of the names.

use std::collections::HashMap;

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::{Resolved, Resolver};
use crate::error::{Error, ErrorKind, Result};
use crate::value::SecretKind;

impl Resolver {
    /// Resolves every name, at most `--jobs` at the same time. A name that is given several times is resolved once.
    ///
    /// Calls `progress` after each answer with the number of answers so far and in total. The results are in the order of `names`.
    /// `needed_by` returns what a failed name is needed by, as details of its error.
    ///
    /// # Errors
    /// The first failure in the order of `names`; the names after it are not asked for. Without a failure, one error with
    /// every name that was not found. See [`resolve`](Self::resolve).
    pub async fn resolve_many(
        &self,
        names: &[(SecretKind, &str)],
        needed_by: impl Fn(SecretKind, &str) -> Vec<String>,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Vec<Resolved>> {
        let (distinct, places) = distinct(names);
        let ask = async |index: usize| {
            let (kind, id): (SecretKind, &str) = distinct[index];
            (index, self.resolve(kind, id).await)
        };
        let mut results: Vec<Option<Result<Resolved>>> = distinct.iter().map(|_| None).collect();
        // The first failure so far: the names after it need not be asked for.
        let mut end = distinct.len();
        let mut waiting = 0..distinct.len();
        let mut asking: FuturesUnordered<_> = waiting.by_ref().take(self.jobs).map(ask).collect();
        let mut done = 0;
        while let Some((index, result)) = asking.next().await {
            done += 1;
            progress(done, distinct.len());
            if result
                .as_ref()
                .is_err_and(|error| error.kind() != ErrorKind::NotFound)
            {
                end = end.min(index);
            }
            results[index] = Some(result);
            if end < distinct.len() && results[..end].iter().all(Option::is_some) {
                break;
            }
            asking.extend(waiting.next().filter(|next| *next < end).map(ask));
        }
        drop(asking);
        if let Some(Some(Err(_))) = results.get(end)
            && let Some(Err(error)) = results.swap_remove(end)
        {
            let (kind, id) = distinct[end];
            return Err(with_details(error, needed_by(kind, id)));
        }
        let found = all_or_missing(results.into_iter().flatten(), |index| {
            let (kind, id) = distinct[index];
            needed_by(kind, id)
        })?;
        Ok(in_places(found, &places))
    }
}

/// Returns the distinct names, and for each of `names` its position among them.
pub(super) fn distinct<'a>(names: &[(SecretKind, &'a str)]) -> (Vec<(SecretKind, &'a str)>, Vec<usize>) {
    let mut known = HashMap::new();
    let mut distinct = Vec::new();
    let places = names.iter().map(|name| {
        *known.entry(*name).or_insert_with(|| {
            distinct.push(*name);
            distinct.len() - 1
        })
    });
    let places = places.collect();
    (distinct, places)
}

/// Returns what was found for each of `places`, which are positions in `found`. A value is copied only if it is needed again.
fn in_places(found: Vec<Resolved>, places: &[usize]) -> Vec<Resolved> {
    let mut left = vec![0_usize; found.len()];
    for place in places {
        left[*place] += 1;
    }
    let mut found: Vec<Option<Resolved>> = found.into_iter().map(Some).collect();
    let next = |place: &usize| {
        left[*place] -= 1;
        match left[*place] {
            0 => found[*place].take(),
            _ => found[*place].clone(),
        }
    };
    places.iter().filter_map(next).collect()
}

/// Returns every value, or the error of the first name that was not found, with the others as details, and what needs each.
fn all_or_missing(
    results: impl Iterator<Item = Result<Resolved>>,
    needed_by: impl Fn(usize) -> Vec<String>,
) -> Result<Vec<Resolved>> {
    let mut found = Vec::new();
    let mut missing: Option<Error> = None;
    for (index, result) in results.enumerate() {
        match result {
            Ok(resolved) => found.push(resolved),
            Err(error) => {
                let error = match missing {
                    None => error,
                    Some(first) => first.with_detail(format!("and {}", error.message())),
                };
                missing = Some(with_details(error, needed_by(index)));
            }
        }
    }
    missing.map_or(Ok(found), Err)
}

fn with_details(error: Error, details: Vec<String>) -> Error {
    details.into_iter().fold(error, Error::with_detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::value::Found;

    #[test]
    fn every_place_gets_its_value_also_a_repeated_one() {
        let names = [(SecretKind::Variable, "a"), (SecretKind::Connection, "a")];
        let asked = [names[0], names[1], names[0], names[1], names[0]];
        let (distinct, places) = distinct(&asked);
        assert_eq!(
            (distinct.as_slice(), places.as_slice()),
            (names.as_slice(), [0, 1, 0, 1, 0].as_slice())
        );
        let value = |text: &str| Resolved {
            found: Found::Text(Secret::from(text)),
            warnings: Vec::new(),
        };
        let text = |resolved: Resolved| match resolved.found {
            Found::Text(text) => text.expose().to_vec(),
            _ => Vec::new(),
        };
        let found: Vec<_> = in_places(vec![value("v"), value("c")], &places)
            .into_iter()
            .map(text)
            .collect();
        assert_eq!(found, [b"v", b"c", b"v", b"c", b"v"]);
    }
}
