//! The committed supergraph: every kind of operation that clients send can be planned. A supergraph with a hole in it
//! loads without a word, and fails when an operation falls into it.

use reqwest::StatusCode;

use crate::support::{Graph, Router, id, token};

const OPERATIONS: &[&str] = &[
    "{ viewer { id username displayName email posts { nodes { text author { username } } } } }",
    "{ user(id: 1) { username followers { nodes { username posts { edges { node { id } } } } } } }",
    "{ userByUsername(username: \"ada\") { followerCount viewerIsFollowing } }",
    "{ searchUsers(prefix: \"a\") { id username avatarUrl } }",
    "{ post(id: 1) { text likeCount viewerHasLiked author { username followeeCount } } }",
    "{ timeline(first: 20) { edges { cursor node { id text author { id username } } } pageInfo { hasNextPage } } }",
    "{ conversations { nodes { participants { username } latestMessage { text sender { username } } unreadCount } } }",
    "{ conversation(id: 1) { messages(first: 5) { nodes { mentions { username posts { nodes { id } } } } } } }",
    "{ mentions { nodes { message { text conversation { id } sender { displayName } } } } }",
    "{ node(id: \"0192d5a0-0000-7000-8000-000000000000\") { id ... on User { username } ... on Post { author { username } } } }",
    "mutation { register(input: { email: \"a\", username: \"b\", password: \"c\" }) { user { id } userErrors { code } } }",
    "mutation { login(input: { email: \"a\", password: \"b\" }) { accessToken user { username posts { nodes { id } } } } }",
    "mutation { followUser(input: { userId: 1 }) { user { viewerIsFollowing } userErrors { code field message } } }",
    "mutation { createPost(input: { text: \"a\" }) { post { id author { username } } userErrors { code } } }",
    "mutation { sendMessage(input: { recipientId: 1, text: \"a\" }) { message { id sender { username } } } }",
];

#[tokio::test]
async fn every_kind_of_operation_can_be_planned() {
    let mut graph = Graph::start().await;
    for service in [&mut graph.users, &mut graph.posts, &mut graph.messaging] {
        service.stop().await;
    }
    // Nothing set: the one in the repository.
    let router = Router::start_with(&graph, &[("SUPERGRAPH_FILE", "")]).await;
    let token = token(id(1));
    for operation in OPERATIONS {
        let answer = router.ask_as(&token, operation).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{operation}: {}",
            answer.body
        );
        let mut codes = answer.codes();
        codes.dedup();
        // Planned, and sent to services that are not there.
        assert_eq!(
            codes,
            ["SERVICE_UNAVAILABLE"],
            "{operation}: {}",
            answer.body
        );
    }
}
