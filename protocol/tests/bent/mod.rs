//! Bends JSON: values become strange ones, then bytes change.

use serde_json::{Value, json};

/// Which leaves become which strange value, and which bytes of the text become which. Three of each count.
pub(crate) type Bends = (Vec<(u16, u8)>, Vec<(u16, u8)>);

const MOST: usize = 3;

/// The text of `value` after bending.
pub(crate) fn bend(mut value: Value, (leaves, bytes): &Bends) -> String {
    for (at, what) in leaves.iter().take(MOST) {
        let all = leaves_of(&mut value);
        let count = all.len().max(1);
        if let Some(leaf) = all.into_iter().nth(usize::from(*at) % count) {
            *leaf = strange(*what);
        }
    }
    let mut text = value.to_string().into_bytes();
    // Most texts stay JSON, so that what is behind the parser is reached.
    for (at, byte) in bytes.iter().take(MOST).filter(|(at, _)| at % 4 == 0) {
        let length = text.len();
        text[usize::from(*at) % length] = *byte;
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn leaves_of(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Object(fields) => fields.values_mut().flat_map(leaves_of).collect(),
        Value::Array(list) => list.iter_mut().flat_map(leaves_of).collect(),
        leaf => vec![leaf],
    }
}

/// What somebody might send in the place of something sensible.
fn strange(what: u8) -> Value {
    let all = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(u32::MAX),
        json!(1u64 << 53),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(-0.5),
        json!(""),
        json!("\u{1b}[31m\u{202e}\u{0}</script>"),
        json!("=1+1"),
        json!("x".repeat(3_000)),
        json!("\u{1f3bb}".repeat(600)),
        json!("00000000-0000-0000-0000-000000000000"),
        json!([]),
        json!([null, 1, "x"]),
        json!({}),
        json!({ "type": "session.open", "seq": 1 }),
    ];
    all[usize::from(what) % all.len()].clone()
}
