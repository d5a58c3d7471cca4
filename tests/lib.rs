//! Nothing here: the package holds the integration tests under `suite/`.
