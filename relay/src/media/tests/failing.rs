//! A cipher that panics once when it is given one payload, as a fault inside the library would.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use str0m::config::CryptoProvider;
use str0m::crypto::{
    AeadAes256GcmCipher, CryptoError, SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm,
    SupportedAes128CmSha1_80, from_feature_flags,
};

/// Whoever seals this first panics.
pub(super) const FATAL: [u8; 3] = [super::house::TOC, 0xDE, 0xAD];

static LIBRARY: LazyLock<CryptoProvider> = LazyLock::new(from_feature_flags);
static ARMED: AtomicBool = AtomicBool::new(true);

#[derive(Debug)]
struct Failing;

#[derive(Debug)]
struct FailingCipher(Box<dyn AeadAes256GcmCipher>);

/// The library's cryptography with that cipher, which its peers negotiate with each other.
pub(super) fn failing_crypto() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { srtp_provider: &Failing, ..LIBRARY.clone() })
}

impl SrtpProvider for Failing {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        LIBRARY.srtp_provider.aes_128_cm_sha1_80()
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        LIBRARY.srtp_provider.aead_aes_128_gcm()
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Failing
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        LIBRARY.srtp_provider.srtp_aes_128_ecb_round(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        LIBRARY.srtp_provider.srtp_aes_256_ecb_round(key, input, output);
    }
}

impl SupportedAeadAes256Gcm for Failing {
    fn create_cipher(&self, key: [u8; 32], encrypt: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(FailingCipher(LIBRARY.srtp_provider.aead_aes_256_gcm().create_cipher(key, encrypt)))
    }
}

impl AeadAes256GcmCipher for FailingCipher {
    fn encrypt(&mut self, iv: &[u8; 12], aad: &[u8], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        assert!(input != FATAL || !ARMED.swap(false, Relaxed), "a fault that the test planted");
        self.0.encrypt(iv, aad, input, output)
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        self.0.decrypt(iv, aads, input, output)
    }
}
