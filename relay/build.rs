//! Makes sure that the folder of the built page exists, so that the crate compiles before the page was ever built.

fn main() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/web/dist");
    // A read-only source tree without a built page is then told by the embedding itself.
    let _ = std::fs::create_dir_all(&page);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../client/web/dist");
}
