//! A bound on how deep the JSON of a request nests. The engine reads it recursively and without one: a few kilobytes of
//! brackets end the process with its stack.

/// Deeper than any variable of ours; the engine's stacks hold many times as much.
pub(super) const MAX_LEVELS: usize = 64;

/// Whether arrays and objects are inside one another more than [`MAX_LEVELS`] deep. Anything may be passed: what is not
/// JSON is somebody else's to say.
pub(crate) fn is_too_deep(json: &[u8]) -> bool {
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
        if levels > MAX_LEVELS {
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
    fn levels_are_counted_and_not_brackets() {
        assert!(!is_too_deep(nested(MAX_LEVELS).as_bytes()));
        assert!(is_too_deep(nested(MAX_LEVELS + 1).as_bytes()));
        assert!(!is_too_deep(
            format!("[{}[]]", "{},".repeat(1_000)).as_bytes()
        ));
    }

    #[test]
    fn brackets_in_strings_neither_count_nor_hide_others() {
        let text = format!(r#"["{}"]"#, "[".repeat(1_000));
        assert!(!is_too_deep(text.as_bytes()));
        let hidden = r#"["]",["\"]","#.repeat(MAX_LEVELS);
        assert!(is_too_deep(hidden.as_bytes()));
        assert!(is_too_deep(
            format!(r#"{{"a\\":{}}}"#, nested(MAX_LEVELS)).as_bytes()
        ));
    }
}
