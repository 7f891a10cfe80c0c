//! What is published, and how: by the command line, by the role, by the profile.

use super::{InputPlan, JoinConfig, JoinError};
use crate::pipeline::MonoClock;
use crate::pipeline::publish::{PublishConfig, Started, start_publisher};
use crate::recorder::TakeTap;
use crate::spec::{DeviceSpec, InputSpec};
use client_core::take::LaneId;
use codec::opus::FrameDuration;
use codec::publish::StreamSettings;
use protocol::grants::{Grant, Role};
use protocol::stream::StreamKind;
use units::{Bitrate, RtpTimestamp, Ssrc};

/// Bit rate of a voice.
const VOICE_BITRATE: Bitrate = Bitrate(64_000);

/// One input with nothing left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) spec: InputSpec,
    pub(super) kind: StreamKind,
    /// Whether people asked for it: then its failure is theirs to mend, else they are only warned.
    pub(super) asked: bool,
}

/// A running publisher that nobody has heard of yet.
pub(super) struct Opened {
    pub(super) kind: StreamKind,
    pub(super) ssrc: Ssrc,
    pub(super) rtp0: RtpTimestamp,
    pub(super) started: Started,
    /// Where takes of it are recorded; nowhere if they are not.
    pub(super) lane: Option<LaneId>,
}

/// Fills in what the command line leaves to the role.
pub(super) fn plan(inputs: &[InputPlan], role: Role) -> Vec<Planned> {
    let usual = usual_kind(role);
    if inputs.is_empty() {
        return usual.map(|kind| Planned { spec: device(), kind, asked: false }).into_iter().collect();
    }
    let kind_of = |(i, input): (usize, &InputPlan)| {
        let by_role = if i == 0 { usual.unwrap_or(StreamKind::Program) } else { StreamKind::Talkback };
        let spec = input.spec.clone().unwrap_or_else(device);
        Planned { spec, kind: input.kind.unwrap_or(by_role), asked: true }
    };
    inputs.iter().enumerate().map(kind_of).collect()
}

/// The same where nothing is left to the role; else none.
pub(super) fn plan_without_role(inputs: &[InputPlan]) -> Option<Vec<Planned>> {
    let complete = !inputs.is_empty() && inputs.iter().all(|input| input.kind.is_some());
    complete.then(|| plan(inputs, Role::Listener))
}

/// Starts one publisher. Blocks until its device runs or has refused.
pub(super) fn open(
    planned: &Planned,
    config: &JoinConfig,
    clock: MonoClock,
    recorded: Option<(LaneId, TakeTap)>,
) -> Result<Opened, JoinError> {
    let settings = settings(planned.kind, config);
    let (ssrc, rtp0) = (Ssrc(random_u32().max(1)), config.rtp0.unwrap_or_else(|| RtpTimestamp(random_u32())));
    let publish = PublishConfig { input: planned.spec.clone(), settings, rtp0 };
    let (lane, take) = recorded.unzip();
    let started = start_publisher(publish, clock, take).map_err(|error| JoinError::Sound(error.to_string()))?;
    Ok(Opened { kind: planned.kind, ssrc, rtp0, started, lane })
}

/// Random bits for things that must only differ from others': ids of sources, first timestamps, waits.
pub(super) fn random_u32() -> u32 {
    getrandom::u32().unwrap_or_else(|_| std::process::id())
}

fn device() -> InputSpec {
    InputSpec::Device(DeviceSpec::default())
}

/// What somebody of this role publishes who says nothing.
fn usual_kind(role: Role) -> Option<StreamKind> {
    let grants = role.grants();
    let kinds = [
        (Grant::PublishProgram, StreamKind::Program),
        (Grant::PublishMic, StreamKind::Mic),
        (Grant::PublishTalk, StreamKind::Talkback),
    ];
    kinds.into_iter().find(|(grant, _)| grants.has(*grant)).map(|(_, kind)| kind)
}

/// A program follows the profile; a voice has frames of 10 ms whatever it is.
fn settings(kind: StreamKind, config: &JoinConfig) -> StreamSettings {
    let JoinConfig { profile, bitrate, frame, .. } = *config;
    let redundancy = profile.redundancy();
    match kind {
        StreamKind::Talkback => StreamSettings::talkback(FrameDuration::Us10000, VOICE_BITRATE, redundancy),
        StreamKind::Program | StreamKind::Mic => StreamSettings::program(
            2,
            frame.unwrap_or(profile.frame()),
            bitrate.unwrap_or(profile.bitrate()),
            redundancy,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::jitter::Profile;
    use std::path::PathBuf;

    #[test]
    fn roles_publish_what_is_theirs_and_listeners_nothing() {
        let kinds = |role| plan(&[], role).into_iter().map(|planned| planned.kind).collect::<Vec<_>>();
        assert_eq!(kinds(Role::Engineer), [StreamKind::Program]);
        assert_eq!(kinds(Role::Artist), [StreamKind::Mic]);
        assert_eq!(kinds(Role::Mentor), [StreamKind::Talkback]);
        assert_eq!(kinds(Role::Listener), []);
    }

    #[test]
    fn the_first_input_follows_the_role_and_the_second_is_talkback() {
        let input = |spec| InputPlan { spec: Some(spec), kind: None };
        let planned = plan(&[input(InputSpec::Music), input(InputSpec::Tone)], Role::Owner);
        assert_eq!(planned[0].kind, StreamKind::Program);
        assert_eq!((planned[1].spec.clone(), planned[1].kind), (InputSpec::Tone, StreamKind::Talkback));
    }

    #[test]
    fn a_program_follows_the_profile_and_the_bit_rate_asked_for() {
        let config = |profile, bitrate, frame| JoinConfig { profile, bitrate, frame, ..joining() };
        let settings = |profile, bitrate, frame| settings(StreamKind::Program, &config(profile, bitrate, frame));
        let lowest = settings(Profile::Lowest, None, None);
        assert_eq!((lowest.frame, lowest.redundancy, lowest.bitrate), (FrameDuration::Us2500, 0, Bitrate(256_000)));
        assert_eq!(settings(Profile::Low, Some(Bitrate(128_000)), None).bitrate, Bitrate(128_000));
        assert_eq!(settings(Profile::Low, None, Some(FrameDuration::Us20000)).frame, FrameDuration::Us20000);
    }

    fn joining() -> JoinConfig {
        let link = "http://127.0.0.1:1/i/018f4d3e-0000-7000-8000-000000000009#AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap();
        let (name, inputs, output, profile) = ("Ada".into(), Vec::new(), None, Profile::Default);
        JoinConfig {
            link,
            name,
            inputs,
            output,
            profile,
            bitrate: None,
            seconds: None,
            state: None,
            recordings: PathBuf::new(),
            rtp0: None,
            reaction_ms: None,
            frame: None,
        }
    }
}
