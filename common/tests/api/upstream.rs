use std::{
    collections::HashSet,
    future::pending,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::any,
};
use common::{
    server::serve as serve_until,
    shutdown::Shutdown,
    trace::TraceContext,
    upstream::{Call, Upstream, UpstreamError},
};
use tokio::net::TcpListener;

/// A service that answers every request with what `answer` makes of its number, from 1.
async fn service<F, R>(answer: F) -> (Upstream, Arc<AtomicUsize>)
where
    F: Fn(usize) -> R + Clone + Send + Sync + 'static,
    R: Future<Output: IntoResponse> + Send + 'static,
{
    let calls = Arc::new(AtomicUsize::new(0));
    let handler = move |State(calls): State<Arc<AtomicUsize>>| {
        answer(calls.fetch_add(1, Ordering::SeqCst) + 1)
    };
    (
        serve(
            Router::new()
                .route("/thing", any(handler))
                .with_state(calls.clone()),
        )
        .await,
        calls,
    )
}

async fn serve(routes: Router) -> Upstream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    tokio::spawn(axum::serve(listener, routes).into_future());
    Upstream::new("things", base).unwrap()
}

#[tokio::test]
async fn a_call_that_failed_once_is_made_again() {
    let (upstream, calls) = service(|call| async move {
        if call == 1 {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::OK
        }
    })
    .await;
    let answer = upstream.call(&Call::get("/thing")).await.unwrap();
    assert_eq!(
        (answer.status, calls.load(Ordering::SeqCst)),
        (StatusCode::OK, 2)
    );
}

#[tokio::test]
async fn an_answer_below_500_is_an_answer_and_not_asked_for_again() {
    let (upstream, calls) = service(|_| async { StatusCode::NOT_FOUND }).await;
    let answer = upstream.call(&Call::get("/thing")).await.unwrap();
    assert_eq!(
        (answer.status, calls.load(Ordering::SeqCst)),
        (StatusCode::NOT_FOUND, 1)
    );
}

#[tokio::test]
async fn a_failing_service_is_left_alone_after_a_while() {
    let (upstream, calls) = service(|_| async { StatusCode::INTERNAL_SERVER_ERROR }).await;
    let mut open = 0;
    for _ in 0..40 {
        match upstream.call(&Call::get("/thing")).await.unwrap_err() {
            UpstreamError::CircuitOpen { .. } => open += 1,
            error => assert!(matches!(error, UpstreamError::Failed { .. }), "{error}"),
        }
    }
    assert!(open >= 10, "the circuit opened");
    // Twenty or so calls before it opened, and a tenth of them with a retry on top of the ten saved up.
    assert!(
        calls.load(Ordering::SeqCst) < 40,
        "retries are bounded: {calls:?}"
    );
}

#[tokio::test]
async fn a_service_that_never_answers_costs_one_deadline() {
    let (upstream, _) = service(|_| pending::<StatusCode>()).await;
    let error = upstream.call(&Call::get("/thing")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Deadline { .. }), "{error}");
}

#[tokio::test]
async fn a_service_that_is_not_there_is_a_transport_error_without_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let upstream = Upstream::new("things", format!("http://{address}").parse().unwrap()).unwrap();
    let error = upstream.call(&Call::get("/thing")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Transport { .. }), "{error}");
    assert!(!error.to_string().contains(&address.port().to_string()));
}

#[tokio::test]
async fn the_trace_and_the_viewers_token_go_along() {
    let routes = Router::new().route(
        "/base/thing",
        any(|headers: HeaderMap| async move {
            let text = |name| {
                headers
                    .get(name)
                    .map_or("", |value| value.to_str().unwrap())
                    .to_owned()
            };
            format!("{} {}", text("traceparent"), text("authorization"))
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/base/", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, routes).into_future());
    let upstream = Upstream::new("things", base.parse().unwrap()).unwrap();

    let context = TraceContext::of(&HeaderMap::new());
    let trace_id = context.trace_id().to_owned();
    let call = Call::get("/thing").on_behalf_of(&"Bearer abc".to_owned().into());
    let answer = context.scope(upstream.call(&call)).await.unwrap();
    let body = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(
        body.starts_with(&format!("00-{trace_id}-")) && body.ends_with(" Bearer abc"),
        "{body}"
    );
}

#[tokio::test]
async fn one_connection_is_used_for_one_call_after_the_other() {
    let ports = Arc::<Mutex<HashSet<u16>>>::default();
    let seen = ports.clone();
    let answer = move |ConnectInfo(peer): ConnectInfo<SocketAddr>| {
        seen.lock().unwrap().insert(peer.port());
        async { "an answer with a body" }
    };
    let routes = Router::new().route("/thing", any(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = Shutdown::new();
    let serving = tokio::spawn(serve_until(listener, routes, shutdown.clone()));
    let upstream = Upstream::new("things", base.parse().unwrap()).unwrap();
    let question = vec!["key"; 1_000];
    for _ in 0..10 {
        let lookup = Call::lookup("/thing", &question).unwrap();
        for call in [Call::get("/thing"), lookup] {
            upstream.call(&call).await.unwrap();
        }
    }
    assert_eq!(ports.lock().unwrap().len(), 1);
    shutdown.cancel();
    serving.await.unwrap().unwrap();
}
