//! Named cases, each with what holds without a judge too.
