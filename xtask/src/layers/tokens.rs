//! Rust source as the tokens that matter here, with their lines. The compiler's own lexer reads it, so that comments
//! and strings hide nothing; tokens and not a syntax tree, so that paths inside macro calls are seen as well.

use ra_ap_rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind, tokenize};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    Ident(&'a str),
    /// `::`
    PathSep,
    Punct(char),
    /// A string literal with its quotes.
    Str(&'a str),
    Other,
}

#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub kind: Kind<'a>,
    /// Counted from 1.
    pub line: usize,
}

/// The tokens of a file, without comments and white space.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found: Vec<Token<'_>> = Vec::new();
    let mut line = 1;
    let mut rest = source;
    let mut colon_before = false;
    for token in tokenize(source, FrontmatterAllowed::No) {
        let (text, after) = rest.split_at(token.len as usize);
        rest = after;
        let kind = match token.kind {
            TokenKind::Colon if colon_before => {
                found.pop();
                Some(Kind::PathSep)
            }
            kind => classify(kind, text),
        };
        colon_before = kind == Some(Kind::Punct(':'));
        if let Some(kind) = kind {
            found.push(Token { kind, line });
        }
        line += text.matches('\n').count();
    }
    found
}

fn classify(kind: TokenKind, text: &str) -> Option<Kind<'_>> {
    match kind {
        TokenKind::Whitespace | TokenKind::LineComment { .. } | TokenKind::BlockComment { .. } => {
            None
        }
        TokenKind::Ident => Some(Kind::Ident(text)),
        TokenKind::RawIdent => Some(Kind::Ident(text.trim_start_matches("r#"))),
        TokenKind::Literal {
            kind: LiteralKind::Str { .. } | LiteralKind::RawStr { .. },
            ..
        } => Some(Kind::Str(text)),
        TokenKind::Literal { .. } | TokenKind::Lifetime { .. } => Some(Kind::Other),
        _ => Some(
            text.chars()
                .next()
                .filter(char::is_ascii_punctuation)
                .map_or(Kind::Other, Kind::Punct),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_hide_nothing_and_lines_are_counted() {
        let source = "// axum::Json\n/* a\nb */ let x = r#\"axum::\n\"#; 'a'; sqlx::query";
        let found = tokens(source);
        let idents: Vec<_> = found
            .iter()
            .filter_map(|token| match token.kind {
                Kind::Ident(name) => Some((name, token.line)),
                _ => None,
            })
            .collect();
        assert_eq!(
            idents,
            [("let", 3), ("x", 3), ("sqlx", 4), ("query", 4)],
            "{found:?}"
        );
    }

    #[test]
    fn two_colons_are_one_separator_and_one_is_not() {
        let kinds: Vec<_> = tokens("a::b: c").into_iter().map(|t| t.kind).collect();
        let expected = [
            Kind::Ident("a"),
            Kind::PathSep,
            Kind::Ident("b"),
            Kind::Punct(':'),
            Kind::Ident("c"),
        ];
        assert_eq!(kinds, expected);
    }
}
