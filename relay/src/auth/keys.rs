use crate::secret::{Secret, SecretHash, random};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const SIGNING_KEY: &str = "signing.key";
const OWNER_KEY: &str = "owner.key";

/// The files that hold the keys, in the data folder.
pub(crate) const KEY_FILES: [&str; 2] = [SIGNING_KEY, OWNER_KEY];

/// The keys in the data folder, made at the first start.
pub struct Keys {
    /// Signs join tickets.
    pub signing: SigningKey,
    /// What the owner's key hashes to.
    pub owner: SecretHash,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder or a file in it cannot be made.
    #[error("cannot write {path}: {source}; give --data a folder that the relay may write and that has room")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key cannot be read.
    #[error("cannot read {path}: {source}; check its permissions")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key file holds something else.
    #[error("{path} is damaged; restore it, or remove it to have a new one made")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

impl Keys {
    /// Reads the keys, and makes the folder and those keys that are not there. Blocks on the disk.
    ///
    /// # Errors
    /// When the folder cannot be written, or a key in it cannot be read.
    pub fn open_or_make(data: &Path) -> Result<Keys, KeyError> {
        fs::create_dir_all(data).map_err(|source| KeyError::Write { path: data.to_owned(), source })?;
        Ok(Keys { signing: signing_key(&data.join(SIGNING_KEY))?, owner: owner_key(&data.join(OWNER_KEY))?.hash() })
    }
}

fn signing_key(path: &Path) -> Result<SigningKey, KeyError> {
    let damaged = || KeyError::Damaged { path: path.to_owned() };
    let fresh = || SigningKey::from_bytes(&random()).to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string());
    let pem = read_or_make(path, || fresh().unwrap_or_default())?;
    SigningKey::from_pkcs8_pem(&pem).map_err(|_| damaged())
}

fn owner_key(path: &Path) -> Result<Secret, KeyError> {
    let text = read_or_make(path, || format!("{}\n", Secret::random_256().reveal()))?;
    let key = text.trim();
    // Anything shorter was not made here and might be guessed.
    if key.len() < 43 {
        return Err(KeyError::Damaged { path: path.to_owned() });
    }
    Ok(Secret::new(key))
}

fn read_or_make(path: &Path, fresh: impl FnOnce() -> String) -> Result<String, KeyError> {
    match fs::read_to_string(path) {
        Ok(text) => {
            restrict(path).map_err(|source| KeyError::Write { path: path.to_owned(), source })?;
            Ok(text)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = fresh();
            write_private(path, &text).map_err(|source| KeyError::Write { path: path.to_owned(), source })?;
            Ok(text)
        }
        Err(source) => Err(KeyError::Read { path: path.to_owned(), source }),
    }
}

/// Takes reading away from everybody else, in case the file was copied in with wider rights.
fn restrict(path: &Path) -> io::Result<()> {
    let wide = fs::metadata(path)?.permissions().mode() & 0o077 != 0;
    if wide { fs::set_permissions(path, Permissions::from_mode(0o600)) } else { Ok(()) }
}

/// Writes a file that only its owner may read, whole or not at all, and durably.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let half_made = path.with_extension("new");
    let written =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half_made).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&half_made, path)
        });
    if written.is_err() {
        let _ = fs::remove_file(&half_made);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_keys_that_later_starts_find_again() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("new/folder");
        let (first, second) = (Keys::open_or_make(&folder).unwrap(), Keys::open_or_make(&folder).unwrap());
        assert_eq!(first.signing.to_bytes(), second.signing.to_bytes());
        assert_eq!(first.owner, second.owner);
        let key = fs::read_to_string(folder.join(OWNER_KEY)).unwrap();
        assert!(Secret::new(key.trim()).matches(&first.owner));
    }

    #[test]
    fn keys_are_for_their_owner_only_even_when_they_were_copied_in_otherwise() {
        let data = tempfile::tempdir().unwrap();
        Keys::open_or_make(data.path()).unwrap();
        let mode = |name: &str| fs::metadata(data.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(SIGNING_KEY), mode(OWNER_KEY)), (0o600, 0o600));
        fs::set_permissions(data.path().join(OWNER_KEY), Permissions::from_mode(0o644)).unwrap();
        Keys::open_or_make(data.path()).unwrap();
        assert_eq!(mode(OWNER_KEY), 0o600);
    }

    #[test]
    fn a_damaged_key_is_told_and_not_replaced() {
        for name in [SIGNING_KEY, OWNER_KEY] {
            let data = tempfile::tempdir().unwrap();
            fs::write(data.path().join(name), "short").unwrap();
            assert!(matches!(Keys::open_or_make(data.path()), Err(KeyError::Damaged { .. })));
            assert_eq!(fs::read_to_string(data.path().join(name)).unwrap(), "short");
        }
    }
}
