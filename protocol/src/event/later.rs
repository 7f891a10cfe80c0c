use super::{Event, TYPES};
use serde::{Deserialize, Serialize};

/// A fact that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Later {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says.
    #[serde(default)]
    pub data: serde_json::Value,
    /// Whether whoever does not know it cannot go on without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub critical: bool,
}

impl Event {
    /// Whether this version cannot go on after this event: "update needed". It is so for an unknown event that is
    /// marked `critical`, and for a known type whose content cannot be read, because the state is then not everybody's.
    pub fn needs_update(&self) -> bool {
        matches!(self, Event::Later(later) if later.critical || TYPES.contains(&later.kind.as_str()))
    }
}
