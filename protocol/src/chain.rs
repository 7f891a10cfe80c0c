//! The chain of hashes over a session's log: resume check, fork detection and audit trail in one.
//!
//! The hash before the first event is SHA-256 over the 16 bytes of the log's id; the hash after an event is SHA-256 over
//! the 32 bytes of the hash before it and the event's stored text. Two logs that agree in one hash agree in every byte
//! up to there.

use crate::ids::LogId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The chain's hash at one place of a log. As text: 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
pub struct ChainHash(pub [u8; 32]);

/// A text is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits in lower case; send it as it was received")]
pub struct NoHash;

impl ChainHash {
    /// The hash before the first event of a log.
    pub fn start(log: LogId) -> ChainHash {
        ChainHash(Sha256::digest(log.0.as_bytes()).into())
    }

    /// The hash after the next event, whose stored text this is.
    pub fn then(self, text: &str) -> ChainHash {
        ChainHash(Sha256::new().chain_update(self.0).chain_update(text).finalize().into())
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ChainHash {
    type Err = NoHash;

    fn from_str(text: &str) -> Result<ChainHash, NoHash> {
        let digit = |c: u8| match c {
            b'0'..=b'9' => Ok(c - b'0'),
            b'a'..=b'f' => Ok(c - b'a' + 10),
            _ => Err(NoHash),
        };
        let text = text.as_bytes();
        if text.len() != 64 {
            return Err(NoHash);
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(text.chunks(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(ChainHash(hash))
    }
}

impl Serialize for ChainHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChainHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ChainHash, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// Made with `sha256sum` over the same bytes.
    const OF_NIL: &str = "374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb";

    #[test]
    fn a_log_begins_with_the_hash_of_its_id() {
        assert_eq!(ChainHash::start(LogId(Uuid::nil())).to_string(), OF_NIL);
    }

    #[test]
    fn a_hash_is_over_the_one_before_it_and_the_stored_text() {
        let start = ChainHash::start(LogId(Uuid::nil()));
        let (one, other) = (start.then("a").then("b"), start.then("ab"));
        assert_ne!(one, other);
        assert_ne!(one, start.then("b").then("a"));
        let both: Vec<u8> = start.0.iter().chain(b"a").copied().collect();
        assert_eq!(start.then("a").0, <[u8; 32]>::from(Sha256::digest(both)));
    }

    #[test]
    fn a_hash_travels_as_lower_case_digits_and_as_nothing_else() {
        let hash = ChainHash::start(LogId(Uuid::from_u128(7)));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        let upper = hash.to_string().to_uppercase();
        for text in ["", "00", &upper, &hash.to_string()[1..], &format!("{hash}0"), &"\u{e9}".repeat(32)] {
            assert_eq!(text.parse::<ChainHash>(), Err(NoHash), "{text}");
        }
    }
}
