use std::sync::Arc;

use common::clock::SystemClock;
use object_store::{ObjectStoreExt, memory::InMemory, path::Path};

use super::*;
use crate::{Change, Verdict};

fn registry() -> (Registry, Arc<InMemory>) {
    let memory = Arc::new(InMemory::new());
    (Registry::new(Objects::over(memory.clone())), memory)
}

fn draft(follows: u64, subgraphs: &[(&str, &str)]) -> Draft {
    let subgraphs: BTreeMap<_, _> = subgraphs
        .iter()
        .map(|(name, sdl)| {
            let url = format!("http://{name}/graphql");
            ((*name).to_owned(), ((*sdl).to_owned(), url))
        })
        .collect();
    Draft {
        follows,
        author: "ada".to_owned(),
        message: String::new(),
        change: Change::Publish {
            subgraphs: subgraphs.keys().cloned().collect(),
        },
        verdict: Verdict::Passed,
        breaking: 0,
        dangerous: 0,
        safe: 1,
        report: "{}".to_owned(),
        supergraph: format!("supergraph {subgraphs:?}"),
        api: format!("api {subgraphs:?}"),
        subgraphs,
    }
}

async fn append(registry: &Registry, draft: Draft) -> Result<Entry, RegistryError> {
    registry.append(&SystemClock::shared(), draft).await
}

#[tokio::test]
async fn what_is_published_can_be_had_again() {
    let (registry, _) = registry();
    assert_eq!(registry.latest().await.unwrap(), None);
    let first = append(&registry, draft(0, &[("users", "u1")]))
        .await
        .unwrap();
    let second = draft(1, &[("users", "u1"), ("posts", "p1")]);
    let second = append(&registry, second).await.unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    assert_eq!(registry.latest().await.unwrap(), Some(second.clone()));
    assert_eq!(
        registry.newest_after(1).await.unwrap(),
        Some(second.clone())
    );
    assert_eq!(registry.newest_after(2).await.unwrap(), None);
    assert_eq!(registry.entry(1).await.unwrap(), first);
    assert_eq!(registry.history().await.unwrap(), [first, second.clone()]);
    let users = &second.subgraphs["users"];
    assert_eq!(registry.document(users.schema).await.unwrap(), "u1");
}

#[tokio::test]
async fn a_subgraph_has_a_version_of_its_own() {
    let (registry, _) = registry();
    let steps: [&[_]; 3] = [
        &[("users", "u1"), ("posts", "p1")],
        &[("users", "u2"), ("posts", "p1")],
        &[("users", "u1"), ("posts", "p1")],
    ];
    let mut versions = Vec::new();
    for (follows, step) in (0..).zip(steps) {
        let entry = append(&registry, draft(follows, step)).await.unwrap();
        versions.push((
            entry.subgraphs["users"].version,
            entry.subgraphs["posts"].version,
        ));
    }
    assert_eq!(versions, [(1, 1), (2, 1), (3, 1)]);
}

#[tokio::test]
async fn what_does_not_follow_the_newest_is_refused() {
    let (registry, _) = registry();
    append(&registry, draft(0, &[("users", "u1")]))
        .await
        .unwrap();
    for follows in [0, 2] {
        let refused = append(&registry, draft(follows, &[("users", "u2")])).await;
        assert!(matches!(refused, Err(RegistryError::Conflict(1))));
    }
    assert_eq!(registry.latest().await.unwrap().unwrap().version, 1);
}

/// Each adds a subgraph of its own, and tries again until it is in.
#[tokio::test]
async fn of_many_who_publish_at_once_nobody_is_lost() {
    let (registry, memory) = registry();
    let publish = async |name: String| loop {
        let latest = registry.latest().await.unwrap();
        let follows = latest.as_ref().map_or(0, |entry| entry.version);
        let known = latest.map(|entry| entry.subgraphs).unwrap_or_default();
        let mut all: Vec<_> = known.keys().map(|name| (name.as_str(), "s")).collect();
        all.push((&name, "s"));
        match append(&registry, draft(follows, &all)).await {
            Ok(entry) => {
                registry.renew_copy().await.unwrap();
                return entry.version;
            }
            Err(RegistryError::Conflict(_)) => {}
            Err(error) => panic!("{error}"),
        }
    };
    let publishers = (0..8).map(|n| publish(format!("s{n}")));
    let mut versions = futures_util::future::join_all(publishers).await;
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8]);
    let latest = registry.latest().await.unwrap().unwrap();
    assert_eq!(latest.subgraphs.len(), 8);
    let copy = memory.get(&Path::from("supergraph.graphql")).await.unwrap();
    let copy = copy.bytes().await.unwrap();
    assert_eq!(copy, registry.document(latest.supergraph).await.unwrap());
}

/// Whoever was stopped between the entry and the copy leaves an old one.
#[tokio::test]
async fn the_copy_can_be_written_anew() {
    let (registry, memory) = registry();
    registry.renew_copy().await.unwrap();
    assert!(memory.get(&Path::from("supergraph.graphql")).await.is_err());
    for (follows, sdl) in [(0, "u1"), (1, "u2")] {
        let entry = append(&registry, draft(follows, &[("users", sdl)]))
            .await
            .unwrap();
        registry.renew_copy().await.unwrap();
        let copy = memory.get(&Path::from("supergraph.graphql")).await.unwrap();
        let copy = copy.bytes().await.unwrap();
        assert_eq!(copy, registry.document(entry.supergraph).await.unwrap());
    }
}

#[tokio::test]
async fn what_was_changed_behind_its_back_is_not_served() {
    let (registry, memory) = registry();
    let entry = append(&registry, draft(0, &[("users", "u1")]))
        .await
        .unwrap();
    let document = Path::from(format!("documents/{}", entry.supergraph));
    memory.put(&document, "type Query".into()).await.unwrap();
    let error = registry.document(entry.supergraph).await.unwrap_err();
    assert!(matches!(error, RegistryError::Damaged(..)), "{error}");
    memory.delete(&document).await.unwrap();
    let error = registry.document(entry.supergraph).await.unwrap_err();
    assert!(matches!(error, RegistryError::Missing(..)), "{error}");
    memory
        .put(&Path::from("log/00000001.json"), "{}".into())
        .await
        .unwrap();
    assert!(registry.latest().await.is_err());
}

#[tokio::test]
async fn what_else_is_put_into_the_log_is_no_version() {
    let (registry, memory) = registry();
    let entry = append(&registry, draft(0, &[("users", "u1")]))
        .await
        .unwrap();
    for name in ["log/notes.json", "log/2.json", "log/99999999.json.old"] {
        memory.put(&Path::from(name), "{}".into()).await.unwrap();
    }
    assert_eq!(registry.latest().await.unwrap(), Some(entry.clone()));
    let moved = serde_json::to_vec(&entry).unwrap();
    let second = Path::from("log/00000002.json");
    memory.put(&second, moved.into()).await.unwrap();
    let error = registry.latest().await.unwrap_err();
    assert!(error.to_string().contains("another version"), "{error}");
}

#[tokio::test]
async fn a_draft_knows_whether_it_changes_anything() {
    let (registry, _) = registry();
    let entry = append(&registry, draft(0, &[("users", "u1")]))
        .await
        .unwrap();
    assert!(!draft(1, &[("users", "u1")]).changes(&entry));
    assert!(draft(1, &[("users", "u2")]).changes(&entry));
    assert!(draft(1, &[]).changes(&entry));
    assert!(draft(1, &[("users", "u1"), ("posts", "p1")]).changes(&entry));
    let mut elsewhere = draft(1, &[("users", "u1")]);
    elsewhere.subgraphs.get_mut("users").unwrap().1 = "http://other/graphql".to_owned();
    assert!(elsewhere.changes(&entry));
}
