//! When one type may stand for another.

use apollo_compiler::ast::Type;

/// Whether whoever reads a field of the old type can read the new one: what is promised may only become more.
pub fn output_is_safe(old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Named(old), Type::Named(new) | Type::NonNullNamed(new))
        | (Type::NonNullNamed(old), Type::NonNullNamed(new)) => old == new,
        (Type::List(old), Type::List(new) | Type::NonNullList(new))
        | (Type::NonNullList(old), Type::NonNullList(new)) => output_is_safe(old, new),
        _ => false,
    }
}

/// Whether whoever sends the old type may send it still: what is asked may only become less.
pub fn input_is_safe(old: &Type, new: &Type) -> bool {
    output_is_safe(new, old)
}

#[cfg(test)]
mod tests {
    use apollo_compiler::parser::Parser;

    use super::*;

    #[test]
    fn an_answer_may_promise_more_and_an_input_may_ask_for_less() {
        let ty = |text: &str| Parser::new().parse_type(text, "type").unwrap();
        for (weak, strong) in [
            ("Int", "Int!"),
            ("[Int]", "[Int!]"),
            ("[Int]", "[Int]!"),
            ("[[Int]!]", "[[Int!]!]!"),
            ("Int", "Int"),
        ] {
            let (weak, strong) = (ty(weak), ty(strong));
            assert!(output_is_safe(&weak, &strong), "{weak} to {strong}");
            assert!(input_is_safe(&strong, &weak), "{strong} to {weak}");
            assert!(
                weak == strong || !output_is_safe(&strong, &weak),
                "{strong} to {weak}"
            );
        }
        for (old, new) in [
            ("Int", "Float"),
            ("Int", "[Int]"),
            ("[Int]", "Int"),
            ("Int!", "[Int!]!"),
        ] {
            let (old, new) = (ty(old), ty(new));
            assert!(
                !output_is_safe(&old, &new) && !input_is_safe(&old, &new),
                "{old} to {new}"
            );
        }
    }
}
