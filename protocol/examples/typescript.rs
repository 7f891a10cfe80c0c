//! Prints the page's TypeScript types: `cargo run -p protocol --features ts --example typescript`.

use protocol::{api, wire};
use ts_rs::TS;

fn main() {
    println!("// Made from the crate `protocol` by `cargo xtask types`. Do not edit.\n");
    let mut shown = std::collections::BTreeMap::new();
    collect::<wire::ClientFrame>(&mut shown);
    collect::<wire::RelayFrame>(&mut shown);
    collect::<api::Redeem>(&mut shown);
    collect::<api::Redeemed>(&mut shown);
    collect::<api::ApiError>(&mut shown);
    for declaration in shown.values() {
        println!("export {declaration}\n");
    }
}

fn collect<T: TS + 'static>(into: &mut std::collections::BTreeMap<String, String>) {
    struct Visitor<'a>(&'a mut std::collections::BTreeMap<String, String>, ts_rs::Config);
    impl ts_rs::TypeVisitor for Visitor<'_> {
        fn visit<U: TS + 'static + ?Sized>(&mut self) {
            let declared = U::output_path().is_some();
            if !declared || self.0.contains_key(&U::name(&self.1)) {
                return;
            }
            self.0.insert(U::name(&self.1), U::decl(&self.1));
            U::visit_dependencies(self);
        }
    }
    let mut visitor = Visitor(into, ts_rs::Config::new());
    ts_rs::TypeVisitor::visit::<T>(&mut visitor);
}
