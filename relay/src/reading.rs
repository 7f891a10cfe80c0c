//! What is wrong with a JSON text, in a sentence that never repeats a value of it: values may be secrets.

use serde_json::error::Category;

/// One clause for people: `the text is not JSON (line 1, column 3)`.
pub fn what_is_wrong(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let names_a_key = ["unknown field", "missing field", "duplicate field", "unknown variant"];
    match error.classify() {
        Category::Data if names_a_key.iter().any(|start| text.starts_with(start)) => text,
        Category::Data if error.line() > 0 => {
            format!("a value has the wrong type or is out of range (line {}, column {})", error.line(), error.column())
        }
        Category::Data => "a value has the wrong type or is out of range".to_owned(),
        _ => format!("the text is not JSON (line {}, column {})", error.line(), error.column()),
    }
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
    fn an_unknown_key_and_a_broken_text_are_told() {
        let error = serde_json::from_str::<Redeem>(r#"{"secret":"s","name":"n","nmae":"m"}"#).err().unwrap();
        assert!(what_is_wrong(&error).contains("nmae"));
        let error = serde_json::from_str::<Redeem>("{").err().unwrap();
        assert_eq!(what_is_wrong(&error), "the text is not JSON (line 1, column 1)");
    }
}
