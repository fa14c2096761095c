use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Object, Request, Schema,
    dataloader::{DataLoader, Loader},
};
use common::graphql::{with_limits, with_loader};

/// How many keys each of its batches had.
#[derive(Clone, Default)]
struct Doubles(Arc<Mutex<Vec<usize>>>);

impl Loader<i32> for Doubles {
    type Value = i32;
    type Error = Arc<std::io::Error>;

    async fn load(&self, keys: &[i32]) -> Result<HashMap<i32, i32>, Self::Error> {
        self.0.lock().unwrap().push(keys.len());
        Ok(keys.iter().map(|key| (*key, key * 2)).collect())
    }
}

/// Another loader of the same request.
struct Squares(Doubles);

impl Loader<i32> for Squares {
    type Value = i32;
    type Error = Arc<std::io::Error>;

    async fn load(&self, keys: &[i32]) -> Result<HashMap<i32, i32>, Self::Error> {
        self.0.0.lock().unwrap().push(keys.len());
        Ok(keys.iter().map(|key| (*key, key * key)).collect())
    }
}

struct Item(i32);

#[Object]
impl Item {
    async fn number(&self) -> i32 {
        self.0
    }

    async fn double(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        Ok(ctx.data::<DataLoader<Doubles>>()?.load_one(self.0).await?)
    }

    async fn square(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        Ok(ctx.data::<DataLoader<Squares>>()?.load_one(self.0).await?)
    }

    /// The item of the double, known only when that is.
    async fn next(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Item>> {
        Ok(self.double(ctx).await?.map(Item))
    }
}

struct Query;

#[Object]
impl Query {
    async fn items(&self, count: i32) -> Vec<Item> {
        (1..=count).map(Item).collect()
    }
}

/// The answer's errors and the sizes of the batches it took: of doubles and of squares.
async fn ask(query: &str) -> (Vec<String>, Vec<usize>, Vec<usize>) {
    let schema = with_limits(Schema::build(Query, EmptyMutation, EmptySubscription)).finish();
    let (doubles, squares) = (Doubles::default(), Doubles::default());
    let request = with_loader(Request::new(query), doubles.clone());
    let request = with_loader(request, Squares(squares.clone()));
    let errors = schema.execute(request).await.errors;
    let sizes = |batches: Doubles| batches.0.lock().unwrap().clone();
    (
        errors.into_iter().map(|error| error.message).collect(),
        sizes(doubles),
        sizes(squares),
    )
}

const NESTED: &str =
    "{ items(count: 500) { number double square next { number square next { double } } } }";

#[tokio::test]
async fn a_list_is_loaded_at_once_however_long_it_is() {
    // By level: 1 to 500; their doubles; the doubles of those.
    let expected = (vec![], vec![500, 500, 500], vec![500, 500]);
    assert_eq!(ask(NESTED).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_several_threads_a_level_may_begin_while_another_batch_is_handed_out_and_is_still_batched()
 {
    for _ in 0..20 {
        let (errors, doubles, squares) = ask(NESTED).await;
        assert_eq!(errors, [""; 0]);
        assert!(
            doubles.len() <= 10 && squares.len() <= 10,
            "{doubles:?} {squares:?}"
        );
    }
}

#[tokio::test]
async fn nothing_is_loaded_that_nobody_asks_for() {
    assert_eq!(
        ask("{ items(count: 3) { number } }").await,
        (vec![], vec![], vec![])
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_timer_is_on_the_way_of_a_batch() {
    assert_eq!(ask(NESTED).await.0, [""; 0]);
    // The library's timers have a thread of their own, which begins with the first one that is set.
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let names = threads.filter_map(|thread| {
        // A thread of another test may have ended.
        std::fs::read_to_string(thread.unwrap().path().join("comm")).ok()
    });
    assert!(!names.into_iter().any(|name| name.trim() == "async-io"));
}
