//! Mix versions and credits.

use super::take::Stamp;
use crate::ids::{CreditId, MixNumber, ParticipantId};
use serde::{Deserialize, Serialize};
use units::{SampleCount, SampleRate};

/// The file of a mix version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MixFile {
    /// What people call it, up to 80 characters.
    pub title: String,
    /// Samples per second.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub rate: SampleRate,
    /// Channels.
    pub channels: u8,
    /// Samples per channel.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub length: SampleCount,
    /// SHA-256 over its PCM, 64 hexadecimal digits in lower case.
    pub pcm_hash: String,
}

/// One version of the mix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MixVersion {
    /// Its number.
    pub number: MixNumber,
    /// Its file.
    pub file: MixFile,
    /// Who added it and when.
    pub added: Stamp,
}

/// Who did what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Credit {
    /// Its id, made by the author.
    pub id: CreditId,
    /// The participant, where it was one.
    #[serde(default)]
    pub participant: Option<ParticipantId>,
    /// The name as it shall be printed, up to 80 characters.
    pub name: String,
    /// What they did: "lead vocal, take 3", up to 200 characters.
    pub did: String,
}
