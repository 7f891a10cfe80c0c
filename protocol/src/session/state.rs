use crate::grants::{Grants, Role};
use crate::ids::{ParticipantId, StreamId};
use crate::stream::Stream;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that the events so far add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionState {
    /// What people call the session.
    pub title: String,
    /// Everybody who ever came in.
    pub participants: BTreeMap<ParticipantId, Participant>,
    /// Every stream that ever was.
    pub streams: BTreeMap<StreamId, Stream>,
}

/// A person in the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Participant {
    /// What people call them.
    pub name: String,
    /// The preset their invitation named, for display.
    pub role: Role,
    /// What they may do.
    pub grants: Grants,
    /// Whether they are in the session now.
    pub present: bool,
}
