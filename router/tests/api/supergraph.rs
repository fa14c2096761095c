//! Which supergraph is served, and how another takes its place.

use crate::support::{Graph, Router};

const FIXTURE: &str = include_str!("../fixtures/supergraph.graphql");

/// Whoever composes a fourth subgraph says where it is; the three that Rookery is made of are where the environment says.
#[tokio::test]
async fn a_subgraph_of_another_name_is_asked_at_its_address_in_the_supergraph() {
    let graph = Graph::start().await;
    let [_, posts, _] = graph.urls();
    let sdl = FIXTURE
        .replace("name: \"posts\"", "name: \"articles\"")
        .replace("http://posts.invalid", &posts);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    std::fs::write(&file, sdl).unwrap();
    let more = [("SUPERGRAPH_FILE", file.to_str().unwrap())];
    let router = Router::start_with(&graph, &more).await;
    let answer = router.ask("{ posts { text author { username } } }").await;
    assert_eq!(
        answer.body["data"]["posts"][0]["author"]["username"],
        "user-ada"
    );
    assert_eq!(graph.posts.seen().len(), 1);
}
