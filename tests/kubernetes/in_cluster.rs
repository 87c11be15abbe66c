//! in_cluster
