//! Secrets that do not show: made, hashed, compared, never printed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// SHA-256 of a secret: what the store keeps of it.
pub type SecretHash = [u8; 32];

/// A secret text. `Debug` hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes in a secret that somebody presents.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// A fresh one of 128 random bits: 22 characters of URL-safe base64.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn random_128() -> Secret {
        Secret(URL_SAFE_NO_PAD.encode(random::<16>()))
    }

    /// A fresh one of 256 random bits: 43 characters of URL-safe base64.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn random_256() -> Secret {
        Secret(URL_SAFE_NO_PAD.encode(random::<32>()))
    }

    /// What the store keeps. Presented secrets have full entropy, so one round without salt is enough.
    pub fn hash(&self) -> SecretHash {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Whether this secret has that hash, in constant time.
    pub fn matches(&self, hash: &SecretHash) -> bool {
        self.hash().ct_eq(hash).into()
    }

    /// The text itself, for the one place that hands it over.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// So many random bytes from the operating system.
///
/// # Panics
/// When it has none to give: nothing here can be done safely then.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_its_own_hash_and_no_other() {
        let (one, other) = (Secret::random_128(), Secret::random_128());
        assert!(one.matches(&one.hash()) && !other.matches(&one.hash()));
    }

    #[test]
    fn a_secret_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", Secret::new("hush")), "Secret(…)");
    }

    #[test]
    fn a_link_secret_has_the_length_that_links_demand() {
        assert_eq!(Secret::random_128().reveal().len(), protocol::link::SECRET_CHARS);
        assert_eq!(Secret::random_256().reveal().len(), 43);
    }
}
