//! What a participant may do. Roles are named presets of grants for people; the relay checks grants, never roles.

mod action;

pub use action::{Action, Condition, Here, Rule, may};

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One permission. The wire form is the name in the design's table (`hear:program`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Grant {
    /// Hear program and microphones.
    #[serde(rename = "hear:program")]
    HearProgram,
    /// Hear talkback.
    #[serde(rename = "hear:talk")]
    HearTalk,
    /// Publish what is being judged.
    #[serde(rename = "publish:program")]
    PublishProgram,
    /// Publish one performer's microphone.
    #[serde(rename = "publish:mic")]
    PublishMic,
    /// Publish talkback.
    #[serde(rename = "publish:talk")]
    PublishTalk,
    /// Roll and stop takes.
    #[serde(rename = "take:roll")]
    TakeRoll,
    /// Roll one's own parts only.
    #[serde(rename = "take:roll:own")]
    TakeRollOwn,
    /// Roll takes while holding the baton.
    #[serde(rename = "take:roll:baton")]
    TakeRollBaton,
    /// Give a take its verdict.
    #[serde(rename = "take:decide")]
    TakeDecide,
    /// Give a take its verdict when the session is a lesson.
    #[serde(rename = "take:decide:lesson")]
    TakeDecideLesson,
    /// Write notes.
    #[serde(rename = "note:write")]
    NoteWrite,
    /// Set the status of notes.
    #[serde(rename = "note:status")]
    NoteStatus,
    /// Upload one's own parts.
    #[serde(rename = "upload")]
    Upload,
    /// Export the session.
    #[serde(rename = "export")]
    Export,
    /// Admit, kick and invite.
    #[serde(rename = "invite")]
    Invite,
    /// Everything about the session itself: change grants, delete, keys.
    #[serde(rename = "admin")]
    Admin,
}

/// A set of grants. The wire form is a sorted list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Grants(#[cfg_attr(feature = "ts", ts(type = "Array<Grant>"))] pub BTreeSet<Grant>);

/// A named preset of grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who booked the session.
    Owner,
    /// Who runs the studio side.
    Engineer,
    /// Who performs, here or elsewhere.
    Artist,
    /// Who decides about takes.
    Producer,
    /// Who teaches.
    Mentor,
    /// Who learns.
    Student,
    /// Who only listens.
    Listener,
}

impl Role {
    /// Every role, in the order people see them.
    pub const ALL: [Role; 7] =
        [Role::Owner, Role::Engineer, Role::Artist, Role::Producer, Role::Mentor, Role::Student, Role::Listener];

    /// The name on the wire and in links (`mentor`).
    pub fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Engineer => "engineer",
            Role::Artist => "artist",
            Role::Producer => "producer",
            Role::Mentor => "mentor",
            Role::Student => "student",
            Role::Listener => "listener",
        }
    }

    /// The preset of this role.
    pub fn grants(self) -> Grants {
        use Grant::*;
        let list: &[Grant] = match self {
            Role::Owner => &[
                HearProgram,
                HearTalk,
                PublishProgram,
                PublishMic,
                PublishTalk,
                TakeRoll,
                TakeDecide,
                NoteWrite,
                NoteStatus,
                Upload,
                Export,
                Invite,
                Admin,
            ],
            Role::Engineer => &[
                HearProgram,
                HearTalk,
                PublishProgram,
                PublishMic,
                PublishTalk,
                TakeRoll,
                NoteWrite,
                NoteStatus,
                Upload,
                Export,
                Invite,
            ],
            Role::Artist => &[HearProgram, HearTalk, PublishMic, PublishTalk, TakeRollOwn, NoteWrite, Upload],
            Role::Producer => {
                &[HearProgram, HearTalk, PublishTalk, TakeRollBaton, TakeDecide, NoteWrite, NoteStatus, Export, Invite]
            }
            Role::Mentor => {
                &[HearProgram, HearTalk, PublishTalk, TakeRollBaton, TakeDecideLesson, NoteWrite, NoteStatus, Export]
            }
            Role::Student => &[
                HearProgram,
                HearTalk,
                PublishProgram,
                PublishMic,
                PublishTalk,
                TakeRoll,
                NoteWrite,
                NoteStatus,
                Upload,
                Export,
            ],
            Role::Listener => &[HearProgram],
        };
        Grants(list.iter().copied().collect())
    }
}

impl Grant {
    /// The grant that allows the same under every condition; none for one that has no condition.
    fn unconditional(self) -> Option<Grant> {
        match self {
            Grant::TakeRollOwn | Grant::TakeRollBaton => Some(Grant::TakeRoll),
            Grant::TakeDecideLesson => Some(Grant::TakeDecide),
            _ => None,
        }
    }
}

impl Grants {
    /// Whether the set holds `grant`.
    pub fn has(&self, grant: Grant) -> bool {
        self.0.contains(&grant)
    }

    /// Whether the set holds everything that `other` holds, be it without its condition: nobody can hand out more than
    /// they have.
    pub fn covers(&self, other: &Grants) -> bool {
        other.0.iter().all(|grant| self.has(*grant) || grant.unconditional().is_some_and(|whole| self.has(whole)))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is none of the seven roles.
#[derive(Debug, thiserror::Error)]
#[error("there is no role {0:?}; use owner, engineer, artist, producer, mentor, student or listener")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Role, UnknownRole> {
        Role::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_hears_the_program_and_nothing_else() {
        assert_eq!(Role::Listener.grants().0.into_iter().collect::<Vec<_>>(), [Grant::HearProgram]);
    }

    #[test]
    fn a_mentor_does_not_publish_program_and_an_owner_does() {
        assert!(!Role::Mentor.grants().has(Grant::PublishProgram));
        assert!(Role::Owner.grants().has(Grant::PublishProgram));
    }

    #[test]
    fn an_owner_may_hand_out_every_role_and_nobody_more_than_they_have() {
        assert!(Role::ALL.into_iter().all(|role| Role::Owner.grants().covers(&role.grants())));
        let handed_out = |by: Role| Role::ALL.into_iter().filter(|role| by.grants().covers(&role.grants())).collect();
        let engineers: Vec<_> = handed_out(Role::Engineer);
        assert_eq!(engineers, [Role::Engineer, Role::Artist, Role::Student, Role::Listener]);
        let producers: Vec<_> = handed_out(Role::Producer);
        assert_eq!(producers, [Role::Producer, Role::Mentor, Role::Listener]);
    }

    #[test]
    fn grants_travel_under_the_names_of_the_table() {
        let json = serde_json::to_string(&Role::Listener.grants()).unwrap();
        assert_eq!(json, r#"["hear:program"]"#);
    }

    #[test]
    fn every_role_name_reads_back() {
        for role in Role::ALL {
            assert_eq!(role.name().parse::<Role>().unwrap(), role);
        }
        assert!("admin".parse::<Role>().is_err());
    }
}
