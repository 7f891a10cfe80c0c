//! Ids of the things a session is made of. All are made by the shell that creates the thing; the law only compares them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map($name)
            }
        }
    };
}

id!(
    /// One booked collaboration.
    SessionId
);
id!(
    /// One person in one session.
    ParticipantId
);
id!(
    /// One published sound of one participant. It outlives restarts of its publisher, which begin new epochs.
    StreamId
);
id!(
    /// One invitation link, without its secret.
    InviteId
);
id!(
    /// One command, made by its author (UUIDv7, or UUIDv8 where it follows from an id of a script's); repeating it is
    /// harmless.
    CommandId
);
id!(
    /// One incarnation of a session's journal, from which its chain of hashes begins. A copy that was restored keeps it: who
    /// knows more of the log than the copy holds is told all of it anew.
    LogId
);
id!(
    /// One recorder's part of one take, made by the recorder.
    PartId
);
id!(
    /// One note or reply, made by its author.
    NoteId
);
id!(
    /// One entry of the credits, made by its author.
    CreditId
);

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The number that the next one gets when there are `count` already.
            pub(crate) fn after(count: usize) -> $name {
                $name(u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1))
            }

            /// Its place in the list of all, which is in the order of the numbers. None for 0.
            pub fn index(self) -> Option<usize> {
                (self.0 as usize).checked_sub(1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A take's number within its session, from 1 without gaps. The law gives it when the take is armed.
    TakeNumber
);
number!(
    /// A mix version's number within its session, from 1 without gaps. The law gives it.
    MixNumber
);
