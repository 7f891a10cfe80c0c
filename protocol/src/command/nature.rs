use super::Command;
use sha2::{Digest, Sha256};

impl Command {
    /// Whether it is granted in a closed session too: opening it, sending people away, and what recorders and publishers
    /// have to tell, because the sound they have must not be lost.
    pub fn outlives_the_session(&self) -> bool {
        matches!(
            self,
            Command::SessionOpen { .. }
                | Command::InviteRevoke { .. }
                | Command::ParticipantKick { .. }
                | Command::ParticipantBan { .. }
                | Command::StreamEpoch { .. }
                | Command::StreamClose { .. }
                | Command::PartRolling { .. }
                | Command::PartStopped { .. }
                | Command::PartInterrupted { .. }
        )
    }

    /// SHA-256 over the command as this version writes it: two commands under one id are the same when these are.
    pub fn digest(&self) -> [u8; 32] {
        let text = serde_json::to_vec(self).expect("a command is plain data with text keys");
        Sha256::digest(text).into()
    }
}
