//! The rules, through the crate's public interface.

mod common;
mod credentials;
mod document;
mod notice;
mod privacy;
mod promises;
