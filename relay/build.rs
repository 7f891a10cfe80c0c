//! Makes sure that the folder of the built page exists, so that the crate compiles before the page was ever built.

fn main() {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the crate's folder to its build script");
    let page = std::path::Path::new(&here).join("../client/web/dist");
    // A read-only source tree without a built page is then told by the embedding itself.
    let _ = std::fs::create_dir_all(&page);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../client/web/dist");
}
