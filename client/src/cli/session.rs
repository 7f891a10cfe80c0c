use super::{Failure, InviteArgs, InviteCommand};
use crate::signal::Api;
use protocol::link::InviteLink;
use std::path::Path;

/// Longest owner key file that is read, in bytes.
const MAX_KEY_BYTES: u64 = 4_096;

pub(super) async fn new(relay: &str, owner_key: &Path, title: &str, json: bool) -> Result<(), Failure> {
    let key = read_key(owner_key)?;
    let made = Api::new(relay)?.new_session(&key, title).await?;
    if json {
        print_json(&made);
        return Ok(());
    }
    println!("{title} ({})", made.session);
    for (role, link) in &made.links {
        println!("  {:9} {link}", role.name());
    }
    Ok(())
}

pub(super) async fn invite(args: InviteArgs) -> Result<(), Failure> {
    if let Some(InviteCommand::Revoke { link, by }) = args.command {
        return revoke(&link, by.as_ref().unwrap_or(&link)).await;
    }
    let (Some(link), Some(role)) = (args.link, args.role) else {
        return Err(Failure::Usage("say whose link gives the right to invite, and the new one's --role".to_owned()));
    };
    let made = Api::new(&link.relay)?.new_invite(&link, role, args.once).await?;
    if args.json {
        print_json(&made)
    } else {
        println!("{}", made.link)
    }
    Ok(())
}

async fn revoke(link: &InviteLink, by: &InviteLink) -> Result<(), Failure> {
    if link.relay != by.relay {
        return Err(Failure::Usage("the link to end and the link given with --by are of different relays".to_owned()));
    }
    Ok(Api::new(&link.relay)?.revoke_invite(link.invite, by).await?)
}

fn read_key(path: &Path) -> Result<String, Failure> {
    let said = |cause: &dyn std::fmt::Display| {
        Failure::Usage(format!(
            "the owner key {} cannot be read ({cause}); give --owner-key the file owner.key in the relay's data folder",
            path.display()
        ))
    };
    let size = std::fs::metadata(path).map_err(|error| said(&error))?.len();
    if size > MAX_KEY_BYTES {
        return Err(said(&"it is too long for a key"));
    }
    let key = std::fs::read_to_string(path).map_err(|error| said(&error))?;
    Ok(key.trim().to_owned())
}

fn print_json(value: &impl serde::Serialize) {
    println!("{}", serde_json::to_string(value).expect("answers of the relay have only string keys"));
}
