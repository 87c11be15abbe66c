//! The boxed future of a trait's async method: one type for every trait that has them. A leaf.

use std::future::Future;
use std::pin::Pin;

/// A future behind a pointer, as an async method of a `dyn` trait returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
