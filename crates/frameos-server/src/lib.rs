//! frameos-server.
