//! Users who ask the same at the same moment get each their own answer.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::{Barrier, Semaphore, mpsc};

use crate::support::{Graph, Router, id, token};

const QUERY: &str = "{ viewer { id username } unread }";

#[tokio::test]
async fn users_at_once_never_see_each_others_data() {
    const USERS: u64 = 8;
    let graph = Graph::start().await;
    let router = Arc::new(Router::start(&graph).await);
    // Nobody is answered before all are there.
    let barrier = Arc::new(Barrier::new(2 * usize::try_from(USERS).unwrap()));
    graph.users.before(move || {
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
        }
    });
    let asks = (0..2 * USERS).map(|number| {
        let router = router.clone();
        let user = id(number % USERS);
        tokio::spawn(async move { (user, router.ask_as(&token(user), QUERY).await) })
    });
    for ask in asks.collect::<Vec<_>>() {
        let (user, answer) = ask.await.unwrap();
        let viewer = json!({ "id": user, "username": format!("user-{user}") });
        assert_eq!(
            answer.body,
            json!({ "data": { "viewer": viewer, "unread": 3 } })
        );
    }
}

#[tokio::test]
async fn users_do_not_share_requests_even_where_identical_ones_are_shared() {
    let graph = Graph::start().await;
    let router = Arc::new(Router::start_with(&graph, &[("SHARE_SUBGRAPH_REQUESTS", "true")]).await);
    let gate = Arc::new(Semaphore::new(0));
    let (entered, mut entering) = mpsc::unbounded_channel();
    graph.users.before({
        let gate = gate.clone();
        move || {
            entered.send(()).unwrap();
            let gate = gate.clone();
            async move { gate.acquire().await.unwrap().forget() }
        }
    });
    let asks: Vec<_> = [Some(id(1)), Some(id(2)), None]
        .into_iter()
        .map(|user| {
            let router = router.clone();
            tokio::spawn(async move {
                match user {
                    Some(user) => (user.to_string(), router.ask_as(&token(user), QUERY).await),
                    None => (String::new(), router.ask(QUERY).await),
                }
            })
        })
        .collect();
    // All three are in flight at once, each with a request of its own.
    for _ in &asks {
        entering.recv().await.unwrap();
    }
    gate.add_permits(asks.len());
    for ask in asks {
        let (user, answer) = ask.await.unwrap();
        let seen = answer.body["data"]["viewer"]["id"]
            .as_str()
            .unwrap_or_default();
        assert_eq!(seen, user);
    }
}
