use common::{auth::KeyPair, config::Env};
use hive_router::config::traffic_shaping::{
    TrafficShapingRouterDedupeHeadersConfig as DedupeHeaders,
    TrafficShapingRouterDedupeHeadersKeyword as Keyword,
};

use super::*;
use crate::RouterConfig;

fn engine_of(more: &[(&str, &str)]) -> HiveRouterConfig {
    let key = KeyPair::generate().unwrap().public_pem;
    let vars = [("JWT_PUBLIC_KEY", key.as_str())];
    let config = RouterConfig::from_env(&Env::of(vars.iter().chain(more).copied())).unwrap();
    let (documents, internal_tokens) = (config.operations.manifest(), guard::InternalTokens::new());
    let files = PrivateFiles::write("type Query", &documents, internal_tokens.jwks());
    super::config(&config, &files.unwrap()).unwrap()
}

#[test]
fn engine_gets_the_limits() {
    let engine = engine_of(&[
        ("GRAPHQL_MAX_DEPTH", "1"),
        ("GRAPHQL_MAX_ALIASES", "2"),
        ("GRAPHQL_MAX_DIRECTIVES", "3"),
        ("GRAPHQL_MAX_TOKENS", "4"),
        ("GRAPHQL_MAX_BODY_BYTES", "6"),
    ]);
    assert_eq!(engine.limits.max_depth.as_ref().unwrap().n, 1);
    assert_eq!(engine.limits.max_aliases.as_ref().unwrap().n, 2);
    assert_eq!(engine.limits.max_directives.as_ref().unwrap().n, 3);
    assert_eq!(
        engine.limits.max_tokens.as_ref().unwrap().n,
        4 + 1,
        "the end is one"
    );
    assert_eq!(engine.limits.max_request_body_size.to_bytes(), 6);
}

#[test]
fn internal_tokens_are_verified_and_directives_enforced() {
    let engine = engine_of(&[]);
    assert!(engine.jwt.enabled && engine.authorization.directives.enabled);
    assert_eq!(engine.jwt.allowed_algorithms, Some(vec![Algorithm::HS256]));
    assert_eq!(engine.jwt.issuers, Some(vec!["guard".to_owned()]));
    assert_eq!(engine.jwt.audiences, Some(vec!["engine".to_owned()]));
}

#[test]
fn users_share_neither_responses_nor_upstream_connections() {
    for share in ["true", "false"] {
        let shaping = engine_of(&[("SHARE_SUBGRAPH_REQUESTS", share)]).traffic_shaping;
        assert_eq!(shaping.all.dedupe_enabled.to_string(), share);
        let router = shaping.router;
        assert!(!router.dedupe.enabled);
        assert!(matches!(
            router.dedupe.headers,
            DedupeHeaders::Keyword(Keyword::All)
        ));
    }
}

#[test]
fn a_key_that_the_engine_ignores_stops_the_start() {
    let said = json!({ "limits": { "max_dept": { "n": 3 } } });
    let mut engine: HiveRouterConfig = serde_json::from_value(said.clone()).unwrap();
    engine.supergraph = SupergraphSource::Plugin;
    let error = check_adopted("", &said, &serde_json::to_value(&engine).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the engine did not take over `limits.max_dept` of its configuration"
    );
}

#[test]
fn a_value_that_the_engine_changes_stops_the_start() {
    let error = check_adopted(
        "",
        &json!({ "a": [{ "b": 1 }] }),
        &json!({ "a": [{ "b": 2 }] }),
    )
    .unwrap_err();
    assert!(error.to_string().contains("`a[0].b`"), "{error}");
}
