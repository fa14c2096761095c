use super::*;

const FIXTURE: &str = include_str!("../../tests/fixtures/supergraph.graphql");

fn refusal(sdl: &str) -> String {
    Supergraph::parse(sdl.to_owned()).unwrap_err().to_string()
}

#[test]
fn the_committed_supergraph_can_be_served() {
    Supergraph::parse(COMMITTED.to_owned()).unwrap();
}

#[test]
fn what_was_not_composed_is_refused() {
    assert!(refusal("type Query {").starts_with("not a GraphQL schema"));
    assert_eq!(
        refusal("type Query { a: Int }"),
        "no subgraph in it: it was not composed"
    );
}

#[test]
fn a_subgraph_without_an_address_is_refused() {
    let sdl = FIXTURE.replace("name: \"posts\"", "name: \"billing\"");
    assert_ne!(sdl, FIXTURE);
    Supergraph::parse(sdl.clone()).unwrap();
    for bad in ["", "billing:4001", "ftp://billing/graphql"] {
        let sdl = sdl.replace("http://posts.invalid/graphql", bad);
        assert_eq!(
            refusal(&sdl),
            format!(
                "the subgraph `billing` in it has no address: neither here nor in it, where `{bad}` is no http URL"
            )
        );
    }
}

#[test]
fn a_subscription_of_a_subgraph_without_a_feed_is_refused() {
    let sdl = FIXTURE.replace("name: \"messaging\"", "name: \"billing\"");
    assert_ne!(sdl, FIXTURE);
    assert_eq!(
        refusal(&sdl),
        "`Subscription.noted` in it is of the subgraph `billing`: only the services of this system have event feeds"
    );
}

#[test]
fn a_subscription_whose_events_no_query_shows_is_refused() {
    let sdl = FIXTURE.replace("note(id: ID!): Note", "note(id: ID): Note");
    assert_ne!(sdl, FIXTURE);
    assert_eq!(
        refusal(&sdl),
        "`Subscription.noted` in it has events of type `Note!`, and `Query` no field that has one by nothing but \
         `id: ID!`"
    );
}

#[test]
fn authorization_that_the_engine_would_not_see_is_refused() {
    assert!(
        FIXTURE.contains("@requiresScopes("),
        "the fixture has a protected field"
    );
    let unlinked = FIXTURE.replace(
        "https://specs.apollo.dev/requiresScopes/",
        "https://example.com/scopes/",
    );
    assert!(refusal(&unlinked).contains("`@requiresScopes` in it would not be enforced"));
    let renamed = FIXTURE.replace("@requiresScopes(", "@federation__requiresScopes(");
    assert!(
        refusal(&renamed).contains("`@federation__requiresScopes` in it would not be enforced")
    );
}

#[test]
fn authorization_is_not_enforced_by_an_engine_without_jwt() {
    let supergraph = Supergraph::parse(FIXTURE.to_owned()).unwrap();
    let mut engine = HiveRouterConfig::default();
    assert!(
        !supergraph.is_enforced_by(&engine),
        "the engine's default has jwt off"
    );
    engine.jwt.enabled = true;
    assert!(supergraph.is_enforced_by(&engine));
    engine.authorization.directives.enabled = false;
    assert!(!supergraph.is_enforced_by(&engine));
}
