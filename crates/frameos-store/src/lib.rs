//! frameos-store.
