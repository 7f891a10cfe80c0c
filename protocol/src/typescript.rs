//! The page's types: TypeScript declarations of everything that travels, made from the types of this crate.

use crate::session::limits;
use crate::text::Limit;
use crate::{api, event, grants, wire};
use std::collections::BTreeMap;
use ts_rs::{Config, TS, TypeVisitor};

/// The text of `client/web/src/protocol.gen.ts`: every type that a frame or an HTTP body of the page is made of.
pub fn declarations() -> String {
    let mut shown = Shown { declarations: BTreeMap::new(), config: Config::new() };
    shown.collect::<wire::ClientFrame>();
    shown.collect::<wire::RelayFrame>();
    shown.collect::<grants::Grant>();
    shown.collect::<grants::Action>();
    shown.collect::<grants::Rule>();
    shown.collect::<api::Redeem>();
    shown.collect::<api::Redeemed>();
    shown.collect::<api::NewInvite>();
    shown.collect::<api::InviteMade>();
    shown.collect::<api::RevokeInvite>();
    shown.collect::<api::ApiError>();
    let mut text = String::from("// Made from the crate `protocol` by `cargo xtask types`. Do not edit.\n");
    for declaration in shown.declarations.values() {
        text.push_str("\nexport ");
        text.push_str(&tidy(declaration));
        text.push('\n');
    }
    [text, rules(), presets(), wire(), close_codes(), limits(), known_events()].concat()
}

fn json(thing: &impl serde::Serialize) -> String {
    serde_json::to_string(thing).expect("names, rules and numbers are plain data")
}

/// The rules themselves: the page greys by the table that the relay checks.
fn rules() -> String {
    let of = |action: grants::Action| format!("  {}: {},\n", json(&action), json(&action.rules()));
    let rows: String = grants::Action::ALL.into_iter().map(of).collect();
    format!(
        "\n/** Every way to be allowed an action; one is enough. */\n\
         export const RULES: {{ readonly [action in Action]: readonly Rule[] }} = {{\n{rows}}};\n"
    )
}

fn presets() -> String {
    let of = |role: grants::Role| format!("  {}: {},\n", json(&role), json(&role.grants()));
    let rows: String = grants::Role::ALL.into_iter().map(of).collect();
    format!(
        "\n/** What each role may do, in the order people see them. */\n\
         export const PRESETS: {{ readonly [role in Role]: Grants }} = {{\n{rows}}};\n"
    )
}

/// What both ends of a link agree on.
fn wire() -> String {
    format!(
        "\n/** WebSocket subprotocol of this version. */\nexport const SUBPROTOCOL = {};\n\
         \n/** Protocol version in `hello` and `welcome`. */\nexport const VERSION = {};\n\
         \n/** Receiving media sections that one listener's peer may offer. */\nexport const MAX_SLOTS = {};\n",
        json(&wire::SUBPROTOCOL),
        wire::VERSION,
        wire::MAX_SLOTS,
    )
}

fn close_codes() -> String {
    use wire::close;
    let codes = [
        ("left", close::LEFT),
        ("going_away", close::GOING_AWAY),
        ("too_large", close::TOO_LARGE),
        ("draining", close::DRAINING),
        ("slow", close::SLOW),
        ("refused", close::REFUSED),
        ("sent_away", close::SENT_AWAY),
        ("silent", close::SILENT),
        ("replaced", close::REPLACED),
        ("not_saved", close::NOT_SAVED),
    ];
    let rows: String = codes.into_iter().map(|(name, code)| format!("  {name}: {code},\n")).collect();
    format!(
        "\n/** WebSocket close codes with a meaning of their own. */\nexport const CLOSE = {{\n{rows}}} as const;\n"
    )
}

/// How much of everything there can be, so that the page says so before the relay has to.
fn limits() -> String {
    let chars = |Limit { chars, .. }: Limit| chars as u64;
    let limits: [(&str, u64); 22] = [
        ("open_streams", limits::MAX_OPEN_STREAMS as u64),
        ("streams", limits::MAX_STREAMS as u64),
        ("takes", limits::MAX_TAKES as u64),
        ("votes", limits::MAX_VOTES as u64),
        ("notes", limits::MAX_NOTES as u64),
        ("replies", limits::MAX_REPLIES as u64),
        ("mixes", limits::MAX_MIXES as u64),
        ("credits", limits::MAX_CREDITS as u64),
        ("invites", limits::MAX_INVITES as u64),
        ("banned", limits::MAX_BANNED as u64),
        ("chat_kept", limits::CHAT_KEPT as u64),
        ("undo_kept", limits::UNDO_KEPT as u64),
        ("undo_kept_in_all", limits::UNDO_KEPT_IN_ALL as u64),
        ("reaction_ms", limits::MAX_REACTION_MS.into()),
        ("uncertainty_ms", limits::MAX_UNCERTAINTY_MS.into()),
        ("note_chars", chars(limits::NOTE)),
        ("chat_chars", chars(limits::CHAT)),
        ("reason_chars", chars(limits::REASON)),
        ("label_chars", chars(limits::LABEL)),
        ("tag_chars", chars(limits::TAG)),
        ("key_chars", chars(limits::KEY)),
        ("deed_chars", chars(limits::DEED)),
    ];
    let rows: String = limits.into_iter().map(|(name, most)| format!("  {name}: {most},\n")).collect();
    format!(
        "\n/** How much of everything one session holds, and how long texts may be. */\n\
         export const LIMITS = {{\n{rows}}} as const;\n"
    )
}

/// The events that this version knows: what else comes is of a later one.
fn known_events() -> String {
    let rows: String = event::TYPES.into_iter().map(|kind| format!("  {},\n", json(&kind))).collect();
    format!(
        "\n/** Every type of event that this version knows. */\nexport const TYPES: readonly string[] = [\n{rows}];\n"
    )
}

struct Shown {
    declarations: BTreeMap<String, String>,
    config: Config,
}

impl Shown {
    fn collect<T: TS + 'static>(&mut self) {
        TypeVisitor::visit::<T>(self);
    }
}

impl TypeVisitor for Shown {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        let name = T::name(&self.config);
        if T::output_path().is_none() || self.declarations.contains_key(&name) {
            return;
        }
        self.declarations.insert(name, T::decl(&self.config));
        T::visit_dependencies(self);
    }
}

/// One line for each field, its comment in front of it.
fn tidy(declaration: &str) -> String {
    let on_lines = declaration.replace("/**\n * ", "\n  /** ").replace("\n */\n", " */\n  ");
    on_lines.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
