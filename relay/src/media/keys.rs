//! The keys that a DTLS handshake agreed for SRTP (RFC 5764 section 4.2), which the library keeps to itself.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::Instant;
use str0m::config::CryptoProvider;
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion, SrtpProfile,
};
use str0m::crypto::{CryptoError, from_feature_flags};

thread_local! {
    static AGREED: Cell<Option<Agreed>> = const { Cell::new(None) };
}

static LIBRARY: LazyLock<CryptoProvider> = LazyLock::new(from_feature_flags);

/// What a handshake agreed.
pub(crate) struct Agreed {
    pub(crate) profile: SrtpProfile,
    /// The client's key, the server's, the client's salt, the server's.
    pub(crate) material: Vec<u8>,
    /// Whether this side was the client.
    pub(crate) is_client: bool,
}

/// What a handshake agreed on this thread since the last call. Whoever polls a peer takes it at once, so that no peer
/// gets another one's.
pub(crate) fn take_agreed() -> Option<Agreed> {
    AGREED.take()
}

/// The library's DTLS, which leaves the keys that it agrees for [`take_agreed`] too.
#[derive(Debug)]
pub(crate) struct Exporting;

#[derive(Debug)]
struct ExportingInstance(Box<dyn DtlsInstance>);

impl DtlsProvider for Exporting {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        LIBRARY.dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let instance = LIBRARY.dtls_provider.new_dtls(cert, now, version, mtu)?;
        Ok(Box::new(ExportingInstance(instance)))
    }
}

impl DtlsInstance for ExportingInstance {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let is_client = self.0.is_active();
        let output = self.0.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output {
            AGREED.set(Some(Agreed { profile: *profile, material: material.to_vec(), is_client }));
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}
