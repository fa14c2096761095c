//! Ways to break the contract, each of which must be found.

use super::*;

const SMALL: &str = "type Query { posts(first: Int = 20, after: String): [Post!]! }\n\
    type Post implements Node { id: ID! author: User }\ntype User { id: ID! }\ninterface Node { id: ID! }\ninput NewPost { text: String! draft: Boolean = false }\n\
    type Subscription { posted: Post! }";

fn findings(from: &str, to: &str) -> Vec<String> {
    assert!(
        from.is_empty() || SMALL.contains(from),
        "the test edits nothing"
    );
    let api = SMALL.replacen(from, to, 1);
    check(SMALL, &api)
        .unwrap()
        .into_iter()
        .map(|finding| finding.wrong)
        .collect()
}

#[test]
fn the_contract_itself_with_more_fields_passes() {
    assert_eq!(
        findings("author: User", "author: User likes: Int!"),
        Vec::<String>::new()
    );
}

#[test]
fn a_default_makes_non_null_the_same_to_a_client() {
    assert_eq!(
        findings("first: Int = 20", "first: Int! = 20"),
        Vec::<String>::new()
    );
}

#[test]
fn each_way_to_break_the_contract_is_found() {
    let cases = [
        ("author: User", "", "Post.author is missing"),
        ("author: User", "author: User!", "Post.author is User!"),
        ("author: User", "writer: User", "Post.author is missing"),
        ("[Post!]!", "[Post]!", "Query.posts is [Post]!"),
        (", after: String", "", "Query.posts(after:) is missing"),
        (
            "first: Int = 20",
            "first: Int = 10",
            "Query.posts(first:) is `first: Int = 10`",
        ),
        (
            "first: Int = 20",
            "first: Int",
            "Query.posts(first:) is `first: Int`",
        ),
        (
            "first: Int = 20",
            "first: Int = 20, of: ID!",
            "Query.posts(of:) is required, and no client of the contract sends it",
        ),
        (
            "text: String!",
            "text: String! tag: ID!",
            "NewPost.tag is required, and no client of the contract sends it",
        ),
        (
            "Post implements Node",
            "Post",
            "Post does not implement Node",
        ),
        ("draft: Boolean = false", "", "NewPost.draft is missing"),
        ("text: String!", "text: String", "NewPost.text is String"),
        ("type User { id: ID! }", "scalar User", "User is a scalar"),
        (
            "input NewPost { text: String! draft: Boolean = false }",
            "",
            "type NewPost is missing",
        ),
    ];
    for (from, to, wrong) in cases {
        assert_eq!(findings(from, to), [wrong], "{from} -> {to}");
    }
}

#[test]
fn the_committed_contract_is_a_schema() {
    let contract = include_str!("../../schema/contract.graphql");
    assert!(check(contract, contract).unwrap().is_empty());
}
