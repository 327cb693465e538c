//! frameos-app.
