//! A joined session from the door to the goodbye: streams are opened, a peer connection is kept alive, what the relay
//! forwards is played, and everything is told.
//!
//! One task owns all of it and never touches samples; sound threads and the network meet it in bounded queues.

mod asked;
mod desk;
mod door;
mod habits;
mod hearing;
mod levels;
mod media;
mod memory;
mod news;
mod positions;
mod pump;
mod session;
mod sounds;
mod streams;
mod takes;

use crate::media::MediaError;
use crate::report::Reporter;
use crate::signal::SignalError;
use crate::spec::{InputSpec, OutputSpec};
use codec::jitter::Profile;
use codec::opus::FrameDuration;
use protocol::link::InviteLink;
use protocol::stream::StreamKind;
use std::path::PathBuf;
use std::time::Duration;
use units::{Bitrate, RtpTimestamp};

/// What somebody wants who joins.
#[derive(Clone, Debug)]
pub struct JoinConfig {
    /// Their invitation.
    pub link: InviteLink,
    /// What people shall call them.
    pub name: String,
    /// What they publish; by role when empty.
    pub inputs: Vec<InputPlan>,
    /// Where they hear; a device if there is one when absent.
    pub output: Option<OutputSpec>,
    /// Delay against safety.
    pub profile: Profile,
    /// Of a published program; the profile's when absent.
    pub bitrate: Option<Bitrate>,
    /// Where takes are recorded.
    pub recordings: PathBuf,
    /// Leave after so long.
    pub seconds: Option<Duration>,
    /// RTP timestamp of the first tick of what is published, to rehearse a wrap; random when absent, as RFC 3550 wants.
    pub rtp0: Option<RtpTimestamp>,
    /// Folder in which what the relay has not answered survives the end of the program; nothing survives when absent.
    pub state: Option<PathBuf>,
    /// How long before a note its author means what was heard, in ms; as chosen last when absent.
    pub reaction_ms: Option<u32>,
    /// Frame length of a published program, for those that no profile has; the profile's when absent.
    pub frame: Option<FrameDuration>,
}

/// One published input; what is left out follows from the role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputPlan {
    /// Where the sound comes from.
    pub spec: Option<InputSpec>,
    /// What it carries.
    pub kind: Option<StreamKind>,
}

/// Why somebody could not join, or had to leave.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The relay.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A device or file, in the pipeline's words.
    #[error("{0}")]
    Sound(String),
    /// The sound connection.
    #[error(transparent)]
    Media(#[from] MediaError),
}

/// Where [`JoinConfig::state`] lies unless somebody says otherwise; none when the system names no such place.
pub fn usual_state_folder() -> Option<PathBuf> {
    memory::usual_folder(|name| std::env::var(name).ok())
}

/// Joins and stays until `--seconds` are over, Ctrl-C, SIGTERM, or the relay will not have us any more.
pub async fn join(config: JoinConfig, reporter: Reporter) -> Result<(), JoinError> {
    session::run(config, reporter).await
}
