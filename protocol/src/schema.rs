//! JSON Schema (draft 2020-12) of everything that travels on `/ws`, for tools that are not ours.

use crate::wire;
use schemars::{JsonSchema, schema_for};

/// What travels on `/ws`.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is made")]
struct Link {
    /// From a client.
    client: wire::ClientFrame,
    /// From the relay.
    relay: wire::RelayFrame,
}

/// The text of `protocol/farfield.v1.schema.json`.
pub fn document() -> String {
    let schema = schema_for!(Link);
    serde_json::to_string_pretty(&schema).expect("a schema is plain data") + "\n"
}
