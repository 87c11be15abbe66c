//! The one integration binary: every module is a subject, `support` holds what they share.
