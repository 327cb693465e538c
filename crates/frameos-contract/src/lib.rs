//! frameos-contract.
