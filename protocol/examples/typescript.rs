//! Prints the page's TypeScript types: `cargo run -p protocol --features ts --example typescript`.

fn main() {
    print!("{}", protocol::typescript::declarations());
}
