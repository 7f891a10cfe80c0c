//! Sealing RTP with AES-GCM (RFC 7714) under the key that SRTP derives (RFC 3711 section 4.3). The ciphers are the
//! library's own.

use super::keys::Agreed;
use str0m::crypto::dtls::SrtpProfile;
use str0m::crypto::{AeadAes128GcmCipher, AeadAes256GcmCipher, SrtpProvider};

const SALT: usize = 12;
const TAG: usize = 16;
/// Labels of the key and of the salt that seal RTP (RFC 3711 section 4.3.1).
const LABEL_KEY: u8 = 0;
const LABEL_SALT: u8 = 2;

/// Seals one peer's outgoing RTP. The library seals with the same key, so that no packet number of a source may be
/// given to both: the same nonce twice would break the cipher.
#[derive(Debug)]
pub(crate) struct Sealer {
    cipher: Cipher,
    salt: [u8; SALT],
}

#[derive(Debug)]
enum Cipher {
    Aes128(Box<dyn AeadAes128GcmCipher>),
    Aes256(Box<dyn AeadAes256GcmCipher>),
}

impl Sealer {
    /// A sealer for what this side sends; `None` when another cipher than AES-GCM was agreed.
    pub(crate) fn new(crypto: &dyn SrtpProvider, agreed: &Agreed) -> Option<Sealer> {
        match agreed.profile {
            SrtpProfile::AEAD_AES_128_GCM => {
                let (key, salt) =
                    Master::<16>::of(agreed)?.session(|key, of, out| crypto.srtp_aes_128_ecb_round(key, of, out));
                Some(Sealer { cipher: Cipher::Aes128(crypto.aead_aes_128_gcm().create_cipher(key, true)), salt })
            }
            SrtpProfile::AEAD_AES_256_GCM => {
                let (key, salt) =
                    Master::<32>::of(agreed)?.session(|key, of, out| crypto.srtp_aes_256_ecb_round(key, of, out));
                Some(Sealer { cipher: Cipher::Aes256(crypto.aead_aes_256_gcm().create_cipher(key, true)), salt })
            }
            _ => None,
        }
    }

    /// Seals `payload` behind the header that `out` begins with, for packet `number` of `ssrc`; the length of the
    /// whole. `None` when `out` is too short or the cipher refuses.
    pub(crate) fn seal(
        &mut self,
        (ssrc, number): (u32, u64),
        out: &mut [u8],
        header: usize,
        payload: &[u8],
    ) -> Option<usize> {
        let iv = self.iv(ssrc, number);
        let (header, body) = out.split_at_mut_checked(header)?;
        let body = body.get_mut(..payload.len() + TAG)?;
        match &mut self.cipher {
            Cipher::Aes128(cipher) => cipher.encrypt(&iv, header, payload, body),
            Cipher::Aes256(cipher) => cipher.encrypt(&iv, header, payload, body),
        }
        .ok()?;
        Some(header.len() + body.len())
    }

    /// RFC 7714 section 8.1: two zero bytes, the source, the 48-bit packet number, all changed by the salt.
    fn iv(&self, ssrc: u32, number: u64) -> [u8; SALT] {
        let mut iv = [0; SALT];
        iv[2..6].copy_from_slice(&ssrc.to_be_bytes());
        iv[6..].copy_from_slice(&number.to_be_bytes()[2..]);
        iv.iter_mut().zip(self.salt).for_each(|(byte, salt)| *byte ^= salt);
        iv
    }
}

/// The master key and salt of one direction.
struct Master<const KEY: usize> {
    key: [u8; KEY],
    salt: [u8; SALT],
}

impl<const KEY: usize> Master<KEY> {
    fn of(agreed: &Agreed) -> Option<Master<KEY>> {
        let (keys, salts) = agreed.material.split_at_checked(2 * KEY)?;
        let own = usize::from(!agreed.is_client);
        let key = keys.chunks_exact(KEY).nth(own)?.try_into().ok()?;
        let salt = salts.chunks_exact(SALT).nth(own)?.try_into().ok()?;
        Some(Master { key, salt })
    }

    /// The key and the salt for RTP, by `aes`, which encrypts blocks of 16 bytes with the master key.
    fn session(&self, aes: impl Fn(&[u8], &[u8], &mut [u8])) -> ([u8; KEY], [u8; SALT]) {
        let (mut key, mut salt) = ([0; KEY], [0; SALT]);
        self.derive(LABEL_KEY, &aes, &mut key);
        self.derive(LABEL_SALT, &aes, &mut salt);
        (key, salt)
    }

    fn derive(&self, label: u8, aes: impl Fn(&[u8], &[u8], &mut [u8]), out: &mut [u8]) {
        let mut counter = [0; 16];
        counter[..SALT].copy_from_slice(&self.salt);
        counter[7] ^= label;
        for (block, part) in (0u16..).zip(out.chunks_mut(16)) {
            counter[14..].copy_from_slice(&block.to_be_bytes());
            // The library wants room for one block more.
            let mut stream = [0; 32];
            aes(&self.key, &counter, &mut stream);
            part.copy_from_slice(&stream[..part.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use str0m::crypto::from_feature_flags;

    const SALT_7714: [u8; SALT] = *b"Quid pro quo";
    const HEADER: [u8; 12] = [0x80, 0x40, 0xf1, 0x7b, 0x80, 0x41, 0xf8, 0xd3, 0x55, 0x01, 0xa0, 0xb2];
    const PLAIN: &[u8] = b"Gallia est omnis divisa in partes tres";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn key<const N: usize>() -> [u8; N] {
        std::array::from_fn(|n| n as u8)
    }

    fn sealed(cipher: Cipher) -> String {
        let mut out = [0; 100];
        out[..12].copy_from_slice(&HEADER);
        let mut sealer = Sealer { cipher, salt: SALT_7714 };
        let length = sealer.seal((0x5501_a0b2, 0xf17b), &mut out, 12, PLAIN).unwrap();
        hex(&out[12..length])
    }

    #[test]
    fn the_packets_of_rfc_7714_section_16_are_sealed_as_it_says() {
        let crypto = from_feature_flags().srtp_provider;
        assert_eq!(
            sealed(Cipher::Aes128(crypto.aead_aes_128_gcm().create_cipher(key(), true))),
            "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833\
            899d7f27beb16a9152cf765ee4390cce"
        );
        assert_eq!(
            sealed(Cipher::Aes256(crypto.aead_aes_256_gcm().create_cipher(key(), true))),
            "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b\
            7aa3db36dfffd6b0f9bb7878d7a76c13"
        );
    }

    #[test]
    fn keys_are_derived_as_rfc_3711_appendix_b_3_says() {
        let key = [0xE1, 0xF9, 0x7A, 0x0D, 0x3E, 0x01, 0x8B, 0xE0, 0xD6, 0x4F, 0xA3, 0x2C, 0x06, 0xDE, 0x41, 0x39];
        // Its salt has 14 bytes; these are the first 12, the others are in the block below.
        let salt = [0x0E, 0xC6, 0x75, 0xAD, 0x49, 0x8A, 0xFE, 0xEB, 0xB6, 0x96, 0x0B, 0x3A];
        let crypto = from_feature_flags().srtp_provider;
        let aes = |key: &[u8], block: &[u8], out: &mut [u8]| {
            let mut block = <[u8; 16]>::try_from(block).unwrap();
            block[12] ^= 0xAB;
            block[13] ^= 0xE6;
            crypto.srtp_aes_128_ecb_round(key, &block, out);
        };
        let (key, salt) = Master { key, salt }.session(aes);
        assert_eq!(hex(&key), "c61e7a93744f39ee10734afe3ff7a087");
        assert_eq!(hex(&salt), "30cbbc08863d8c85d49db34a");
    }

    #[test]
    fn each_side_seals_with_its_own_half() {
        let material: Vec<u8> = (0..56).collect();
        let agreed =
            |is_client| Agreed { profile: SrtpProfile::AEAD_AES_128_GCM, material: material.clone(), is_client };
        let (client, server) = (Master::<16>::of(&agreed(true)).unwrap(), Master::<16>::of(&agreed(false)).unwrap());
        assert_eq!((client.key[0], client.salt[0]), (0, 32));
        assert_eq!((server.key[0], server.salt[0]), (16, 44));
        let short = Agreed { material: material[..55].to_vec(), ..agreed(false) };
        assert!(Master::<16>::of(&short).is_none());
    }

    #[test]
    fn a_packet_that_does_not_fit_is_refused() {
        let crypto = from_feature_flags().srtp_provider;
        let cipher = Cipher::Aes128(crypto.aead_aes_128_gcm().create_cipher(key(), true));
        let mut sealer = Sealer { cipher, salt: SALT_7714 };
        assert_eq!(sealer.seal((1, 1), &mut [0; 12 + 10 + TAG], 12, &[7; 10]), Some(12 + 10 + TAG));
        assert_eq!(sealer.seal((1, 2), &mut [0; 12 + 9 + TAG], 12, &[7; 10]), None);
    }
}
