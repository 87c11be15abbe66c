//! The boxed future that async methods of `dyn` traits return. A leaf.

use std::future::Future;
use std::pin::Pin;

/// The future that an async method of a `dyn` trait returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
