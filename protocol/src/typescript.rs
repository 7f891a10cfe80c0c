//! The page's types: TypeScript declarations of everything that travels, made from the types of this crate.

use crate::{api, grants, wire};
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
    shown.collect::<api::ApiError>();
    let mut text = String::from("// Made from the crate `protocol` by `cargo xtask types`. Do not edit.\n");
    for declaration in shown.declarations.values() {
        text.push_str("\nexport ");
        text.push_str(&tidy(declaration));
        text.push('\n');
    }
    text + &rules()
}

/// The rules themselves: the page greys by the table that the relay checks.
fn rules() -> String {
    let mut text = String::from("\n/** Every way to be allowed an action; one is enough. */\n");
    text.push_str("export const RULES: { readonly [action in Action]: readonly Rule[] } = {\n");
    for action in grants::Action::ALL {
        let json = |thing: serde_json::Result<String>| thing.expect("names and rules are plain data");
        let (name, rules) = (json(serde_json::to_string(&action)), json(serde_json::to_string(action.rules())));
        text.push_str(&format!("  {name}: {rules},\n"));
    }
    text + "};\n"
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
