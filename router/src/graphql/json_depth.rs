//! A bound on the nesting of a request's JSON. The engine parses JSON recursively and without a bound: a few kilobytes of
//! brackets overflow the stack and abort the process.

/// Maximum nesting of arrays and objects: deeper than any input of the schema, and a fraction of what the stack holds.
pub(crate) const MAX_JSON_DEPTH: usize = 64;

/// Whether arrays and objects nest more than [`MAX_JSON_DEPTH`] levels deep. The input need not be valid JSON; its parser
/// reports that.
pub(crate) fn exceeds_json_depth(json: &[u8]) -> bool {
    let (mut levels, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => levels += 1,
            b']' | b'}' => levels = levels.saturating_sub(1),
            _ => {}
        }
        if levels > MAX_JSON_DEPTH {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn counts_levels_not_brackets() {
        assert!(!exceeds_json_depth(nested(MAX_JSON_DEPTH).as_bytes()));
        assert!(exceeds_json_depth(nested(MAX_JSON_DEPTH + 1).as_bytes()));
        assert!(!exceeds_json_depth(
            format!("[{}[]]", "{},".repeat(1_000)).as_bytes()
        ));
    }

    #[test]
    fn ignores_brackets_in_strings() {
        let text = format!(r#"["{}"]"#, "[".repeat(1_000));
        assert!(!exceeds_json_depth(text.as_bytes()));
        let hidden = r#"["]",["\"]","#.repeat(MAX_JSON_DEPTH);
        assert!(exceeds_json_depth(hidden.as_bytes()));
        assert!(exceeds_json_depth(
            format!(r#"{{"a\\":{}}}"#, nested(MAX_JSON_DEPTH)).as_bytes()
        ));
    }
}
