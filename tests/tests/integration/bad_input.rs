//! What is wrong is said in one sentence that names the next step, and nobody else is harmed.

use tests::programs::{Ended, farfield, farfield_relay};

/// One sentence for people on standard error, and a failure for programs.
fn assert_says(ended: &Ended, words: &[&str]) {
    assert!(!ended.status.success(), "it called that a success: {}", ended.out);
    let said = ended.err.to_lowercase();
    for word in words {
        assert!(said.contains(word), "{word:?} is not in what it said: {}", ended.err);
    }
    assert!(!said.contains("panicked"), "{}", ended.err);
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_string_lossy();
    let ended = farfield_relay(&["--data", &data, "--http", &address, "--media", "127.0.0.1:0", "--json"]).unwrap();
    assert_says(&ended, &[&address, "--http"]);
}

#[test]
fn a_link_that_is_no_link_is_explained() {
    assert_says(&farfield(&["join", "studio.example"]).unwrap(), &["http"]);
    assert_says(&farfield(&["join", "http://127.0.0.1:1/i/x#short"]).unwrap(), &["link"]);
}
