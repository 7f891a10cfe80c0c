use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use protocol::grants::{Grants, Role};
use protocol::ids::{InviteId, ParticipantId, SessionId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long a ticket is good, in seconds.
pub const TICKET_S: u64 = 30;
/// The header's explicit type (RFC 8725 section 3.11): no other token signed with this key passes for a ticket.
const TYP: &str = "farfield-join+jwt";

/// What a ticket says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Which session it opens.
    pub aud: SessionId,
    /// Who comes in.
    pub sub: ParticipantId,
    /// The ticket's own id, good once.
    pub jti: Uuid,
    /// When it was made, in seconds since the Unix epoch.
    pub iat: u64,
    /// When it ends, in seconds since the Unix epoch.
    pub exp: u64,
    /// What people call the person.
    pub name: String,
    /// The invitation's preset.
    pub role: Role,
    /// What the person may do.
    pub grants: Grants,
    /// The invitation that was redeemed, and then those by whose right it was made.
    pub via: Vec<InviteId>,
}

/// Why a ticket is no good. None of these says what the ticket was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// It is older than [`TICKET_S`] seconds.
    #[error("the ticket is too old; open the invitation link again")]
    Expired,
    /// It is not signed by this relay, or is not a ticket at all.
    #[error("the ticket is not one of this relay's; open the invitation link again")]
    Foreign,
    /// It was used before.
    #[error("the ticket was used before; open the invitation link again")]
    Used,
    /// The key cannot sign.
    #[error("the relay cannot sign tickets; ask whoever runs it to start it again")]
    Unsigned,
}

/// Makes and reads tickets. Whether one was used before, only the store knows.
#[derive(Clone)]
pub struct Tickets {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Tickets {
    /// Tickets of this key.
    pub fn new(key: &SigningKey) -> Tickets {
        let der = key.to_pkcs8_der().expect("a key of 32 bytes has a PKCS#8 form");
        Tickets {
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            decoding: DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
        }
    }

    /// Signs a ticket.
    ///
    /// # Errors
    /// [`TicketError::Unsigned`] when the crypto library refuses.
    pub fn sign(&self, claims: &Claims) -> Result<String, TicketError> {
        let header = Header { typ: Some(TYP.to_owned()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &self.encoding).map_err(|_| TicketError::Unsigned)
    }

    /// Reads a ticket, by the wall clock. The caller still has to know the session and to use the ticket up.
    ///
    /// # Errors
    /// When it is expired, or anything else about it is not as [`Tickets::sign`] makes it.
    pub fn read(&self, ticket: &str) -> Result<Claims, TicketError> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.leeway = 0;
        // The audience names the session, which only the caller can look up.
        rules.validate_aud = false;
        rules.set_required_spec_claims(&["exp", "aud", "sub"]);
        let token = decode::<Claims>(ticket, &self.decoding, &rules).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::ExpiredSignature => TicketError::Expired,
            _ => TicketError::Foreign,
        })?;
        if token.header.typ.as_deref() != Some(TYP) {
            return Err(TicketError::Foreign);
        }
        Ok(token.claims)
    }
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tickets(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::get_current_timestamp;
    use serde_json::{Value, json};

    const KEY: [u8; 32] = [7; 32];

    fn tickets() -> Tickets {
        Tickets::new(&SigningKey::from_bytes(&KEY))
    }

    fn claims() -> Claims {
        let iat = get_current_timestamp();
        Claims {
            aud: SessionId(Uuid::from_u128(1)),
            sub: ParticipantId(Uuid::from_u128(2)),
            jti: Uuid::from_u128(3),
            iat,
            exp: iat + TICKET_S,
            name: "Ada".into(),
            role: Role::Mentor,
            grants: Role::Mentor.grants(),
            via: vec![InviteId(Uuid::from_u128(4))],
        }
    }

    fn signed_with(header: Header, change: impl FnOnce(&mut Value)) -> String {
        let mut body = serde_json::to_value(claims()).unwrap();
        change(&mut body);
        encode(&header, &body, &tickets().encoding).unwrap()
    }

    fn ticket_header() -> Header {
        Header { typ: Some(TYP.into()), ..Header::new(Algorithm::EdDSA) }
    }

    #[test]
    fn a_ticket_reads_back_as_it_was_signed() {
        assert_eq!(tickets().read(&tickets().sign(&claims()).unwrap()), Ok(claims()));
    }

    #[test]
    fn an_expired_ticket_is_refused_without_leeway() {
        let expired = signed_with(ticket_header(), |body| body["exp"] = json!(get_current_timestamp() - 1));
        assert_eq!(tickets().read(&expired), Err(TicketError::Expired));
    }

    #[test]
    fn a_ticket_of_another_key_is_refused() {
        let foreign = Tickets::new(&SigningKey::from_bytes(&[8; 32])).sign(&claims()).unwrap();
        assert_eq!(tickets().read(&foreign), Err(TicketError::Foreign));
    }

    #[test]
    fn a_changed_ticket_is_refused() {
        let good = tickets().sign(&claims()).unwrap();
        let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
        let raised = Claims { role: Role::Owner, grants: Role::Owner.grants(), ..claims() };
        parts[1] = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&raised).unwrap());
        assert_eq!(tickets().read(&parts.join(".")), Err(TicketError::Foreign));
    }

    #[test]
    fn an_unsigned_ticket_is_refused() {
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap());
        for alg in ["none", "None", "NONE", "nOnE"] {
            let header = URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "typ": TYP }).to_string());
            for signature in ["", "AAAA"] {
                assert_eq!(tickets().read(&format!("{header}.{body}.{signature}")), Err(TicketError::Foreign));
            }
        }
    }

    #[test]
    fn the_public_key_does_not_pass_for_a_shared_secret() {
        let public = SigningKey::from_bytes(&KEY).verifying_key();
        let header = Header { typ: Some(TYP.into()), ..Header::new(Algorithm::HS256) };
        let confused = encode(&header, &claims(), &EncodingKey::from_secret(public.as_bytes())).unwrap();
        assert_eq!(tickets().read(&confused), Err(TicketError::Foreign));
    }

    #[test]
    fn a_token_of_another_type_is_refused() {
        for typ in [None, Some("JWT"), Some("farfield-upload+jwt")] {
            let header = Header { typ: typ.map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
            assert_eq!(tickets().read(&signed_with(header, |_| ())), Err(TicketError::Foreign));
        }
    }

    #[test]
    fn a_time_of_another_type_is_refused() {
        for exp in [json!("9999999999"), json!(null), json!([9_999_999_999u64]), json!(-1), json!(true)] {
            let wrong = signed_with(ticket_header(), |body| body["exp"] = exp.clone());
            assert_eq!(tickets().read(&wrong), Err(TicketError::Foreign), "{exp}");
        }
    }

    #[test]
    fn a_ticket_without_one_of_its_claims_is_refused() {
        for claim in ["aud", "sub", "jti", "exp", "grants", "role", "name", "via"] {
            let poor = signed_with(ticket_header(), |body| {
                body.as_object_mut().unwrap().remove(claim);
            });
            assert_eq!(tickets().read(&poor), Err(TicketError::Foreign), "{claim}");
        }
    }
}
