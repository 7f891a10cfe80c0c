use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use std::process::{Command, Stdio};

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

#[test]
#[ignore = "aborts the process: the test below runs it in a child"]
fn an_allocation_where_none_is_allowed() {
    assert_no_alloc(|| std::hint::black_box(vec![1u8; 64]));
}

#[test]
fn the_guard_catches_an_allocation() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "guard::an_allocation_where_none_is_allowed"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(!child.unwrap().success());
}
