//! frameos-gateway.
