use super::*;
use crate::secret::Secret;
use protocol::grants::Role;
use protocol::ids::{InviteId, ParticipantId};
use uuid::Uuid;

struct Fixture {
    store: Store,
    session: SessionId,
    _folder: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("relay.db")).unwrap();
    let session = SessionId(Uuid::from_u128(1));
    store.add_session(session, "Cello".into(), vec![]).await.unwrap();
    Fixture { store, session, _folder: folder }
}

impl Fixture {
    async fn invite(&self, role: Role, once: bool) -> (InviteId, Secret) {
        self.invite_to(self.session, role, once).await
    }

    async fn invite_to(&self, session: SessionId, role: Role, once: bool) -> (InviteId, Secret) {
        let (id, secret) = (InviteId(Uuid::new_v4()), Secret::random_128());
        let made = Invitation { id, session, secret: secret.hash(), role, grants: role.grants(), once };
        self.store.write(move |tx| invites::insert(tx, &made, None)).await.unwrap();
        (id, secret)
    }

    fn somebody(&self) -> Identity {
        let (role, grants) = (Role::Mentor, Role::Mentor.grants());
        let participant = ParticipantId(Uuid::from_u128(2));
        Identity { session: self.session, participant, name: "Ada".into(), role, grants, via: Vec::new() }
    }
}

/// The right of an invitation that nobody has come in by.
fn unused(link: &(InviteId, Secret)) -> Right {
    Right { link: link.clone(), by: Shown::Unused }
}

#[tokio::test]
async fn an_invitation_is_good_many_times_and_a_single_one_once() {
    let f = fixture().await;
    let (many, secret) = f.invite(Role::Mentor, false).await;
    for _ in 0..3 {
        let opened = f.store.redeem(many, secret.clone()).await.unwrap();
        assert_eq!((opened.session, opened.title.as_str(), opened.role), (f.session, "Cello", Role::Mentor));
    }
    let (once, secret) = f.invite(Role::Listener, true).await;
    assert!(f.store.redeem(once, secret.clone()).await.is_ok());
    assert!(matches!(f.store.redeem(once, secret).await, Err(InviteError::UsedUp)));
}

#[tokio::test]
async fn a_wrong_secret_learns_nothing_and_uses_nothing_up() {
    let f = fixture().await;
    let (once, secret) = f.invite(Role::Listener, true).await;
    assert!(matches!(f.store.redeem(once, Secret::random_128()).await, Err(InviteError::WrongSecret)));
    assert!(f.store.redeem(once, secret).await.is_ok());
    assert!(matches!(f.store.redeem(once, Secret::random_128()).await, Err(InviteError::WrongSecret)));
    let nobody = InviteId(Uuid::new_v4());
    assert!(matches!(f.store.redeem(nobody, Secret::random_128()).await, Err(InviteError::Unknown)));
}

#[tokio::test]
async fn nobody_hands_out_or_takes_back_more_than_they_have() {
    let f = fixture().await;
    let owner = f.invite(Role::Owner, false).await;
    let engineer = f.invite(Role::Engineer, false).await;
    let mentor = f.invite(Role::Mentor, false).await;
    let made = || (InviteId(Uuid::new_v4()), Secret::random_128().hash());
    assert!(f.store.add_invite(unused(&engineer), made(), Role::Listener, false).await.is_ok());
    let more = f.store.add_invite(unused(&engineer), made(), Role::Owner, false).await;
    assert!(matches!(more, Err(InviteError::Forbidden)));
    let without = f.store.add_invite(unused(&mentor), made(), Role::Listener, false).await;
    assert!(matches!(without, Err(InviteError::Forbidden)));
    let upwards = f.store.revoke_invite(unused(&engineer), owner.0).await;
    assert!(matches!(upwards, Err(InviteError::Forbidden)));
    for _ in 0..2 {
        f.store.revoke_invite(unused(&owner), engineer.0).await.unwrap();
    }
    assert!(matches!(f.store.redeem(engineer.0, engineer.1).await, Err(InviteError::Revoked)));
}

#[tokio::test]
async fn what_the_session_says_of_who_shows_an_invitation_counts() {
    let f = fixture().await;
    let (engineer, listener) = (f.invite(Role::Engineer, false).await, f.invite(Role::Listener, true).await);
    f.store.redeem(listener.0, listener.1.clone()).await.unwrap();
    let add = async |link: &(InviteId, Secret), by: Shown, role| {
        let (link, made) = (link.clone(), (InviteId(Uuid::new_v4()), Secret::random_128().hash()));
        f.store.add_invite(Right { link, by }, made, role, false).await
    };
    let (all, none) = (Role::Owner.grants(), Role::Listener.grants());
    // From outside nobody does more than the link, nor than those who came in by it.
    assert!(add(&engineer, Shown::Used(all.clone()), Role::Artist).await.is_ok());
    assert!(matches!(add(&engineer, Shown::Used(all.clone()), Role::Owner).await, Err(InviteError::Forbidden)));
    assert!(matches!(add(&engineer, Shown::Used(none.clone()), Role::Listener).await, Err(InviteError::Lost)));
    assert!(matches!(add(&listener, Shown::Used(all.clone()), Role::Listener).await, Err(InviteError::UsedUp)));
    // Who somebody is counts, whatever they came by, and also where that was good once.
    assert!(add(&listener, Shown::Person(all.clone()), Role::Owner).await.is_ok());
    assert!(matches!(add(&engineer, Shown::Person(none.clone()), Role::Listener).await, Err(InviteError::NotYou)));
    let revoke = async |by| f.store.revoke_invite(Right { link: engineer.clone(), by }, engineer.0).await;
    for by in [Shown::Person(none.clone()), Shown::Used(none)] {
        assert!(matches!(revoke(by).await, Err(InviteError::NotYou | InviteError::Lost)));
    }
    revoke(Shown::Person(all.clone())).await.unwrap();
    assert!(matches!(revoke(Shown::Person(all)).await, Err(InviteError::Revoked)));
}

#[tokio::test]
async fn an_invitation_names_those_by_whose_right_it_was_made_down_to_the_last_of_a_row() {
    let f = fixture().await;
    let (mut by, mut way) = (f.invite(Role::Engineer, false).await, Vec::new());
    for _ in 1..invites::MAX_GENERATIONS {
        way.insert(0, by.0);
        assert_eq!(f.store.redeem(by.0, by.1.clone()).await.unwrap().via, way);
        let next = (InviteId(Uuid::new_v4()), Secret::random_128());
        f.store.add_invite(unused(&by), (next.0, next.1.hash()), Role::Engineer, false).await.unwrap();
        by = next;
    }
    let more = f
        .store
        .add_invite(unused(&by), (InviteId(Uuid::new_v4()), Secret::random_128().hash()), Role::Engineer, true)
        .await;
    assert!(matches!(more, Err(InviteError::TooDeep)), "{more:?}");
}

#[tokio::test]
async fn a_file_of_version_1_opens_with_its_invitations() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let mut old = Connection::open(&path).unwrap();
    schema::prepare(&mut old, &schema::MIGRATIONS[..1]).unwrap();
    let (id, secret, grants) =
        (Uuid::new_v4(), Secret::random_128(), serde_json::to_string(&Role::Mentor.grants()).unwrap());
    old.execute("INSERT INTO session (id, title) VALUES (?1, 'Cello')", [id]).unwrap();
    let sql =
        "INSERT INTO invite (id, session, secret_sha256, role, grants, once) VALUES (?1, ?1, ?2, 'mentor', ?3, 0)";
    old.execute(sql, params![id, secret.hash(), grants]).unwrap();
    drop(old);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.redeem(InviteId(id), secret).await.unwrap().via, [InviteId(id)]);
}

#[tokio::test]
async fn a_session_takes_its_last_invitation_and_refuses_one_more() {
    let f = fixture().await;
    let owner = f.invite(Role::Owner, false).await;
    let session = f.session;
    let fill = "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO invite (id, session, secret_sha256, role, grants, once) SELECT randomblob(16), ?2, x'', '', '', 1 FROM n";
    f.store
        .write(move |tx| Ok::<_, StoreError>(tx.execute(fill, params![invites::MAX_INVITES, session.0])?))
        .await
        .unwrap();
    let add = || (InviteId(Uuid::new_v4()), Secret::random_128().hash());
    assert!(f.store.add_invite(unused(&owner), add(), Role::Mentor, false).await.is_ok());
    let more = f.store.add_invite(unused(&owner), add(), Role::Mentor, false).await;
    assert!(matches!(more, Err(InviteError::TooMany)), "{more:?}");
}

#[tokio::test]
async fn a_relay_keeps_its_last_session_and_refuses_one_more() {
    let f = fixture().await;
    let fill = "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO session (id, title) SELECT randomblob(16), '' FROM n";
    f.store.write(|tx| Ok::<_, StoreError>(tx.execute(fill, [MAX_SESSIONS])?)).await.unwrap();
    f.store.add_session(SessionId(Uuid::from_u128(7)), "Last".into(), vec![]).await.unwrap();
    let more = f.store.add_session(SessionId(Uuid::from_u128(8)), "More".into(), vec![]).await;
    assert!(matches!(more, Err(StoreError::TooManySessions)), "{more:?}");
}

#[tokio::test]
async fn an_invitation_is_no_authority_over_another_session() {
    let f = fixture().await;
    let other = SessionId(Uuid::from_u128(9));
    f.store.add_session(other, "Choir".into(), vec![]).await.unwrap();
    let owner = f.invite(Role::Owner, false).await;
    let theirs = f.invite_to(other, Role::Listener, false).await;
    assert!(matches!(f.store.revoke_invite(unused(&owner), theirs.0).await, Err(InviteError::Unknown)));
    assert!(f.store.redeem(theirs.0, theirs.1).await.is_ok());
}

#[tokio::test]
async fn a_ticket_opens_its_session_once() {
    let f = fixture().await;
    let (jti, next) = (Uuid::new_v4(), Secret::random_128().hash());
    let exp_s = i64::from(u32::MAX);
    f.store.admit(jti, exp_s, f.somebody(), next).await.unwrap();
    assert!(matches!(f.store.admit(jti, exp_s, f.somebody(), next).await, Err(AdmitError::Used)));
    let nowhere = Identity { session: SessionId(Uuid::from_u128(77)), ..f.somebody() };
    let foreign = f.store.admit(Uuid::new_v4(), exp_s, nowhere, next).await;
    assert!(matches!(foreign, Err(AdmitError::UnknownSession)));
}

#[tokio::test]
async fn the_way_back_is_used_up_when_the_next_one_has_arrived() {
    let f = fixture().await;
    let (first, second, third) = (Secret::random_128(), Secret::random_128(), Secret::random_128());
    let who = f.somebody();
    let (session, participant) = (who.session, who.participant);
    f.store.admit(Uuid::new_v4(), i64::from(u32::MAX), who.clone(), first.hash()).await.unwrap();
    assert_eq!(f.store.resume(session, participant, first.clone(), second.hash()).await.unwrap(), who);
    f.store.arrived(session, participant, second.hash()).await.unwrap();
    let again = f.store.resume(session, participant, first, third.hash()).await;
    assert!(matches!(again, Err(AdmitError::WrongSecret)));
    assert!(f.store.resume(session, participant, second, third.hash()).await.is_ok());
}

#[tokio::test]
async fn who_never_got_the_next_way_back_comes_back_by_the_one_before() {
    let f = fixture().await;
    let [first, lost, second] = [(); 3].map(|()| Secret::random_128());
    let who = f.somebody();
    let (session, participant) = (who.session, who.participant);
    f.store.admit(Uuid::new_v4(), i64::from(u32::MAX), who.clone(), first.hash()).await.unwrap();
    f.store.resume(session, participant, first.clone(), lost.hash()).await.unwrap();
    assert_eq!(f.store.resume(session, participant, first.clone(), second.hash()).await.unwrap(), who);
    let late = f.store.known(session, participant, lost.clone()).await;
    assert!(matches!(late, Err(AdmitError::WrongSecret)), "only one of the two can have arrived");
    // News of the lost one come too late to take the first one away.
    f.store.arrived(session, participant, lost.hash()).await.unwrap();
    assert!(f.store.known(session, participant, first.clone()).await.is_ok());
    f.store.arrived(session, participant, second.hash()).await.unwrap();
    assert!(f.store.known(session, participant, first).await.is_err());
    assert!(f.store.known(session, participant, second).await.is_ok());
}

#[tokio::test]
async fn what_was_recorded_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.db");
    let session = SessionId(Uuid::from_u128(1));
    Store::open(&path).unwrap().add_session(session, "Cello".into(), vec![]).await.unwrap();
    let again = Store::open(&path).unwrap();
    assert_eq!(again.session_title(session).await.unwrap().as_deref(), Some("Cello"));
    assert_eq!(again.session_title(SessionId(Uuid::nil())).await.unwrap(), None);
}

#[tokio::test]
async fn a_failed_call_leaves_nothing_behind() {
    let f = fixture().await;
    let id = SessionId(Uuid::from_u128(5));
    let (invite, secret) = (InviteId(Uuid::from_u128(6)), Secret::random_128().hash());
    let (role, grants) = (Role::Mentor, Role::Mentor.grants());
    let link = Invitation { id: invite, session: id, secret, role, grants, once: false };
    assert!(f.store.add_session(id, "Twice".into(), vec![link.clone(), link]).await.is_err());
    assert_eq!(f.store.session_title(id).await.unwrap(), None);
}
