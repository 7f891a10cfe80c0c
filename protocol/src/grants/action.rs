//! The D9 table as rules: which grant lets people do what, and under which condition.

use super::{Grant, Grants};
use serde::{Deserialize, Serialize};

/// Something that people do, as the rules see it. Several commands can be one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Open, close and set the rules of the session; change grants.
    Administer,
    /// Invite, revoke, admit, deny, kick and ban.
    Invite,
    /// Set tempo, metre and key of the song.
    SetSong,
    /// Hold the baton.
    HoldBaton,
    /// Take the baton away from whoever holds it.
    ReclaimBaton,
    /// Publish what is being judged; add a mix version.
    PublishProgram,
    /// Publish a microphone.
    PublishMic,
    /// Publish talkback.
    PublishTalk,
    /// Arm, cancel and roll a take. *Own*: only one's own parts are recorded.
    Roll,
    /// Stop and submit a take. Whoever runs the machine can always stop it. *Own*: only one's own parts are recorded.
    Stop,
    /// Name a take. *Own*: only one's own parts are recorded.
    Slate,
    /// Begin to report a part. *Own*: of one's own stream.
    Record,
    /// Circle a take, or mark it as a false start or as wild.
    Mark,
    /// Give a take its verdict, make it the hero, close and reopen it.
    Decide,
    /// Say what one thinks of a take, without deciding.
    Vote,
    /// Write a note, a reply, or in the chat.
    Write,
    /// Change what a note says. *Own*: one has written it.
    Edit,
    /// Retract a note. *Own*: one has written it.
    Retract,
    /// Set the status of a note, give it to somebody.
    Settle,
    /// Say who did what. *Own*: about oneself.
    Credit,
    /// Upload a part. *Own*: one's own.
    Upload,
    /// Take the session's content away in a file.
    Export,
}

/// What must hold beside the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Nothing.
    Always,
    /// It is one's own.
    Own,
    /// The session is a lesson: the mentor decides.
    Lesson,
    /// One holds the baton.
    Baton,
    /// Nobody else holds the baton.
    BatonFree,
    /// It is one's own, and nobody else holds the baton.
    OwnBatonFree,
}

/// One way to be allowed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rule {
    /// The grant that it takes.
    pub grant: Grant,
    /// What must hold beside it.
    pub when: Condition,
}

/// What of the session's state the rules look at, seen by one participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Here {
    /// Whether the mentor decides.
    pub lesson: bool,
    /// Whether the participant holds the baton.
    pub baton: bool,
    /// Whether somebody else holds it.
    pub baton_elsewhere: bool,
    /// Whether the thing that is acted on is the participant's own.
    pub own: bool,
}

/// Whether somebody with these grants may do this here and now.
pub fn may(grants: &Grants, action: Action, here: Here) -> bool {
    action.rules().iter().any(|rule| grants.has(rule.grant) && here.meets(rule.when))
}

impl Here {
    /// Whether the condition holds.
    pub fn meets(self, condition: Condition) -> bool {
        match condition {
            Condition::Always => true,
            Condition::Own => self.own,
            Condition::Lesson => self.lesson,
            Condition::Baton => self.baton,
            Condition::BatonFree => !self.baton_elsewhere,
            Condition::OwnBatonFree => self.own && !self.baton_elsewhere,
        }
    }
}

const fn rule(grant: Grant, when: Condition) -> Rule {
    Rule { grant, when }
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 22] = [
        Action::Administer,
        Action::Invite,
        Action::SetSong,
        Action::HoldBaton,
        Action::ReclaimBaton,
        Action::PublishProgram,
        Action::PublishMic,
        Action::PublishTalk,
        Action::Roll,
        Action::Stop,
        Action::Slate,
        Action::Record,
        Action::Mark,
        Action::Decide,
        Action::Vote,
        Action::Write,
        Action::Edit,
        Action::Retract,
        Action::Settle,
        Action::Credit,
        Action::Upload,
        Action::Export,
    ];

    /// Every way to be allowed it; one is enough.
    pub fn rules(self) -> &'static [Rule] {
        use Condition::*;
        use Grant::*;
        match self {
            Action::Administer => const { &[rule(Admin, Always)] },
            Action::Invite => const { &[rule(Grant::Invite, Always)] },
            Action::SetSong => {
                const { &[rule(TakeRoll, Always), rule(TakeDecide, Always), rule(TakeDecideLesson, Lesson)] }
            }
            Action::HoldBaton => const { &[rule(TakeRoll, Always), rule(TakeRollBaton, Always)] },
            Action::ReclaimBaton => const { &[rule(TakeRoll, Always)] },
            Action::PublishProgram => const { &[rule(Grant::PublishProgram, Always)] },
            Action::PublishMic => const { &[rule(Grant::PublishMic, Always)] },
            Action::PublishTalk => const { &[rule(Grant::PublishTalk, Always)] },
            Action::Roll => {
                const { &[rule(TakeRoll, BatonFree), rule(TakeRollBaton, Baton), rule(TakeRollOwn, OwnBatonFree)] }
            }
            Action::Stop | Action::Slate => {
                const { &[rule(TakeRoll, Always), rule(TakeRollBaton, Baton), rule(TakeRollOwn, Own)] }
            }
            Action::Record => const { &[rule(TakeRoll, Own), rule(TakeRollOwn, Own)] },
            Action::Mark => {
                const { &[rule(TakeRoll, Always), rule(TakeDecide, Always), rule(TakeDecideLesson, Lesson)] }
            }
            Action::Decide => const { &[rule(TakeDecide, Always), rule(TakeDecideLesson, Lesson)] },
            Action::Vote | Action::Write => const { &[rule(NoteWrite, Always)] },
            Action::Edit => const { &[rule(NoteWrite, Own)] },
            Action::Retract => const { &[rule(NoteWrite, Own), rule(Admin, Always)] },
            Action::Settle => const { &[rule(NoteStatus, Always)] },
            Action::Credit => const { &[rule(NoteStatus, Always), rule(NoteWrite, Own)] },
            Action::Upload => const { &[rule(Grant::Upload, Own)] },
            Action::Export => const { &[rule(Grant::Export, Always)] },
        }
    }
}
