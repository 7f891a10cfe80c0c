//! Which cipher the load's peers and the relay really negotiate, so that the floor seals with the same.

use anyhow::{Context, Result};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Algorithm};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use str0m::crypto::{
    CryptoProvider, SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
    from_feature_flags,
};

/// A cipher that the floor knows; the relay never chooses another one while the client offers these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
}

static LIBRARY: LazyLock<CryptoProvider> = LazyLock::new(from_feature_flags);
static ASKED_128: AtomicBool = AtomicBool::new(false);
static ASKED_256: AtomicBool = AtomicBool::new(false);

/// The library's SRTP, which notes the ciphers that it is asked for.
#[derive(Debug)]
struct Watched;

/// Cryptography for the load's peers.
pub(crate) fn watched() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { srtp_provider: &Watched, ..LIBRARY.clone() })
}

/// What all of the load's peers have negotiated.
pub(crate) fn negotiated() -> Result<Cipher> {
    match (ASKED_128.load(Relaxed), ASKED_256.load(Relaxed)) {
        (true, false) => Ok(Cipher::Aes128Gcm),
        (false, true) => Ok(Cipher::Aes256Gcm),
        _ => None.context("the peers did not all negotiate one AES-GCM, so that there is no one floor"),
    }
}

impl Cipher {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Cipher::Aes128Gcm => "AES-128-GCM",
            Cipher::Aes256Gcm => "AES-256-GCM",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Cipher> {
        [Cipher::Aes128Gcm, Cipher::Aes256Gcm].into_iter().find(|one| one.name() == name)
    }

    pub(crate) fn algorithm(self) -> &'static Algorithm {
        match self {
            Cipher::Aes128Gcm => &AES_128_GCM,
            Cipher::Aes256Gcm => &AES_256_GCM,
        }
    }
}

impl SrtpProvider for Watched {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        LIBRARY.srtp_provider.aes_128_cm_sha1_80()
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        ASKED_128.store(true, Relaxed);
        LIBRARY.srtp_provider.aead_aes_128_gcm()
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        ASKED_256.store(true, Relaxed);
        LIBRARY.srtp_provider.aead_aes_256_gcm()
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        LIBRARY.srtp_provider.srtp_aes_128_ecb_round(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        LIBRARY.srtp_provider.srtp_aes_256_ecb_round(key, input, output);
    }
}
