//! What is wrong with a JSON text, in a sentence that never repeats a value of it: values may be secrets.

use serde_json::error::Category;

/// One clause for people: `the text is not JSON (line 1, column 3)`.
pub fn what_is_wrong(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let names_a_key = ["unknown field", "missing field", "duplicate field"];
    match error.classify() {
        Category::Data if text.starts_with("unknown variant") => known_ones(&text),
        Category::Data if names_a_key.iter().any(|start| text.starts_with(start)) => text,
        Category::Data if error.line() > 0 => {
            format!("a value has the wrong type or is out of range (line {}, column {})", error.line(), error.column())
        }
        Category::Data => "a value has the wrong type or is out of range".to_owned(),
        _ => format!("the text is not JSON (line {}, column {})", error.line(), error.column()),
    }
}

/// What a value could have been. The value itself stands before that in the text, whatever it holds.
fn known_ones(text: &str) -> String {
    let expected = text.rsplit_once(", expected ").map(|(_, expected)| format!(", expected {expected}"));
    format!("a value is none of those known{}", expected.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::api::Redeem;
    use protocol::wire::ClientFrame;

    #[test]
    fn a_wrong_value_is_not_repeated() {
        let error = serde_json::from_str::<Redeem>(r#""hush""#).err().unwrap();
        assert!(error.to_string().contains("hush") && !what_is_wrong(&error).contains("hush"));
        let error = serde_json::from_str::<ClientFrame>(r#"{"t":"hello","v":"hush","client":"page"}"#).unwrap_err();
        assert!(!what_is_wrong(&error).contains("hush"));
    }

    #[test]
    fn an_unknown_value_is_not_repeated_whatever_it_holds_and_the_known_ones_are_told() {
        for hush in ["hush", "hush`, expected hush", "hush`, expected `hush` at line 1 column 2"] {
            let hello = serde_json::json!({ "t": "hello", "v": 1, "client": hush }).to_string();
            for text in [hello, serde_json::json!({ "t": hush }).to_string()] {
                let error = serde_json::from_str::<ClientFrame>(&text).unwrap_err();
                let told = what_is_wrong(&error);
                assert!(error.to_string().contains("hush") && !told.contains("hush"), "{told}");
                assert!(told.starts_with("a value is none of those known, expected "), "{told}");
            }
        }
    }

    #[test]
    fn an_unknown_key_and_a_broken_text_are_told() {
        let error = serde_json::from_str::<Redeem>(r#"{"secret":"s","name":"n","nmae":"m"}"#).err().unwrap();
        assert!(what_is_wrong(&error).contains("nmae"));
        let error = serde_json::from_str::<Redeem>("{").err().unwrap();
        assert_eq!(what_is_wrong(&error), "the text is not JSON (line 1, column 1)");
    }
}
