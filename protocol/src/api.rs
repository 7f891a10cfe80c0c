//! Bodies of the HTTP calls under `/api/v1`. JSON; every error is an [`ApiError`].

use crate::grants::Role;
use crate::ids::{InviteId, ParticipantId, SessionId};
use crate::wire::ErrorCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `POST /api/v1/sessions`, with `Authorization: Bearer <owner key>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// What people call it, at most 80 characters.
    pub title: String,
}

/// Answer to [`NewSession`]: the session and one many-use invitation link per role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionMade {
    /// The session.
    pub session: SessionId,
    /// Whole links, secrets included.
    pub links: BTreeMap<Role, String>,
}

/// `POST /api/v1/invites/{id}/redeem`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Redeem {
    /// The link's secret.
    pub secret: String,
    /// What people shall call the person, at most 80 characters.
    pub name: String,
}

/// Answer to [`Redeem`]: a single-use ticket that is good for 30 s.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Redeemed {
    /// EdDSA JWT for the WebSocket's `hello`.
    pub ticket: String,
    /// The session it opens.
    pub session: SessionId,
    /// The person it makes.
    pub participant: ParticipantId,
    /// What people call the session.
    pub title: String,
    /// The preset of the invitation.
    pub role: Role,
}

/// The invitation by whose right others are made or revoked. With `Authorization: Bearer`, their id and resume secret with
/// a dot between, somebody who has joined says who they are: then what they may do in the session now counts, and it must
/// have the grant `invite`. Else the invitation must carry it, and those who came in by it, if anybody did, must still
/// have it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Which invitation.
    pub invite: InviteId,
    /// Its secret.
    pub secret: String,
}

/// `POST /api/v1/invites`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewInvite {
    /// By whose right.
    pub by: Authority,
    /// Which preset it carries; not more than who asks may do.
    pub role: Role,
    /// Whether it is used up by its first use.
    #[serde(default)]
    pub once: bool,
}

/// Answer to [`NewInvite`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InviteMade {
    /// The whole link, secret included.
    pub link: String,
}

/// `POST /api/v1/invites/{id}/revoke`. Answered by 204. Revoking twice is harmless.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RevokeInvite {
    /// By whose right.
    pub by: Authority,
}

/// Any error of the HTTP interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiError {
    /// Stable, for programs.
    pub code: ErrorCode,
    /// One sentence that says what to do, for people.
    pub msg: String,
}
