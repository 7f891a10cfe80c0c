//! Invitation links: `https://host/i/<id>#<secret>`. The secret stands in the fragment, so no server log ever sees it.

use crate::ids::InviteId;
use std::fmt;
use std::str::FromStr;

/// Characters of a link's secret: 128 bits in URL-safe base64 without padding.
pub const SECRET_CHARS: usize = 22;

/// An invitation link taken apart. `Debug` hides the secret; `Display` is the whole link.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteLink {
    /// Scheme, host and port of the relay, without a trailing slash: `http://127.0.0.1:8080`.
    pub relay: String,
    /// Which invitation.
    pub invite: InviteId,
    /// The 128-bit secret, [`SECRET_CHARS`] characters.
    pub secret: String,
}

/// Why a text is not an invitation link.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No `http://` or `https://` in front.
    #[error("an invitation link starts with http:// or https://; copy the whole link")]
    Scheme,
    /// No `/i/<id>` in the path.
    #[error("this is not an invitation link: it should look like https://host/i/ID#SECRET")]
    Path,
    /// The part after `#` is missing or is not a secret.
    #[error("the link's last part, after #, is missing or cut off; copy the whole link")]
    Secret,
}

impl FromStr for InviteLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<InviteLink, LinkError> {
        let text = text.trim();
        if !(text.starts_with("http://") || text.starts_with("https://")) {
            return Err(LinkError::Scheme);
        }
        let (place, secret) = text.split_once('#').ok_or(LinkError::Secret)?;
        let (relay, id) = place.rsplit_once("/i/").ok_or(LinkError::Path)?;
        let invite = id.parse().map_err(|_| LinkError::Path)?;
        let is_secret = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if secret.len() != SECRET_CHARS || !secret.chars().all(is_secret) {
            return Err(LinkError::Secret);
        }
        Ok(InviteLink { relay: relay.to_owned(), invite, secret: secret.to_owned() })
    }
}

impl fmt::Display for InviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/i/{}#{}", self.relay, self.invite, self.secret)
    }
}

impl fmt::Debug for InviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/i/{}#…", self.relay, self.invite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://studio.example/i/018f4d3e-0000-7000-8000-000000000001#AAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn a_link_reads_back_as_it_was_written() {
        assert_eq!(LINK.parse::<InviteLink>().unwrap().to_string(), LINK);
    }

    #[test]
    fn debug_output_never_shows_the_secret() {
        assert!(!format!("{:?}", LINK.parse::<InviteLink>().unwrap()).contains("AAAA"));
    }

    #[test]
    fn what_is_wrong_with_a_link_is_said() {
        assert_eq!("studio.example".parse::<InviteLink>(), Err(LinkError::Scheme));
        assert_eq!("https://studio.example/#AAAAAAAAAAAAAAAAAAAAAA".parse::<InviteLink>(), Err(LinkError::Path));
        assert_eq!(LINK[..LINK.len() - 1].parse::<InviteLink>(), Err(LinkError::Secret));
        assert_eq!(LINK.split('#').next().unwrap().parse::<InviteLink>(), Err(LinkError::Secret));
    }
}
