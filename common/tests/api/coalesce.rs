use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::http::HeaderMap;
use common::{
    coalesce::{Coalescer, Limits, NoAnswer},
    trace::TraceContext,
};
use futures_util::poll;
use tokio::task::{JoinSet, yield_now};

use crate::calls::coalescer;

/// Longer than any test runs.
const NEVER: Duration = Duration::from_hours(1);

const LIMITS: Limits = Limits {
    keys: 3,
    calls: 3,
    patience: NEVER,
};

#[tokio::test]
async fn who_is_alone_is_asked_for_at_once() {
    let (coalescer, mut calls) = coalescer(LIMITS);
    for key in [7, 7, 8] {
        let mut question = Box::pin(coalescer.ask(key));
        assert!(poll!(&mut question).is_pending());
        let call = calls.next().await;
        assert_eq!(call.in_order, [key]);
        call.answer(|key| key * 2);
        assert_eq!(question.await.unwrap(), key * 2);
    }
    assert_eq!(calls.count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn who_asks_while_a_call_is_under_way_shares_the_next_one() {
    let (coalescer, mut calls) = coalescer(LIMITS);
    let mut first = Box::pin(coalescer.ask(1));
    assert!(poll!(&mut first).is_pending());
    let call = calls.next().await;
    let mut others: Vec<_> = [2, 3, 2, 1]
        .map(|key| Box::pin(coalescer.ask(key)))
        .into_iter()
        .collect();
    for other in &mut others {
        assert!(poll!(other).is_pending());
    }
    calls.none_start().await;
    call.answer(|key| key + 10);
    assert_eq!(first.await.unwrap(), 11);
    let call = calls.next().await;
    assert_eq!(call.keys, BTreeSet::from([1, 2, 3]));
    call.answer(|key| key + 20);
    // The question for 1 was asked after the first call had started: its answer is another one.
    let answers = futures_util::future::join_all(others).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [22, 23, 22, 21]);
    assert_eq!(calls.count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_call_has_no_more_keys_than_it_may_and_those_that_asked_first_come_first() {
    let (coalescer, mut calls) = coalescer(LIMITS);
    let mut questions: Vec<_> = (0..8).map(|key| Box::pin(coalescer.ask(key))).collect();
    for question in &mut questions {
        assert!(poll!(question).is_pending());
    }
    for expected in [&[0, 1, 2][..], &[3, 4, 5], &[6, 7]] {
        let call = calls.next().await;
        assert_eq!(call.keys, expected.iter().copied().collect());
        calls.none_start().await;
        call.answer(|key| key);
    }
    for (key, question) in questions.into_iter().enumerate() {
        assert_eq!(question.await.unwrap(), key as u64);
    }
}

#[tokio::test]
async fn an_old_call_is_not_waited_for() {
    let patience = Duration::from_millis(20);
    let (coalescer, mut calls) = coalescer(Limits { patience, ..LIMITS });
    let (mut slow, mut next) = (Box::pin(coalescer.ask(1)), Box::pin(coalescer.ask(2)));
    assert!(poll!(&mut slow).is_pending());
    let slow_call = calls.next().await;
    assert!(poll!(&mut next).is_pending());
    let call = calls.next().await;
    assert_eq!(call.in_order, [2]);
    call.answer(|key| key);
    assert_eq!(next.await.unwrap(), 2);
    slow_call.answer(|key| key);
    assert_eq!(slow.await.unwrap(), 1);
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_may_be_however_old_they_are() {
    let patience = Duration::ZERO;
    let (coalescer, mut calls) = coalescer(Limits { patience, ..LIMITS });
    let mut questions: Vec<_> = (0..5).map(|key| Box::pin(coalescer.ask(key))).collect();
    let mut under_way = Vec::new();
    for question in &mut questions[..3] {
        assert!(poll!(question).is_pending());
        under_way.push(calls.next().await);
    }
    for question in &mut questions[3..] {
        assert!(poll!(question).is_pending());
        calls.none_start().await;
    }
    under_way.remove(1).answer(|key| key);
    let call = calls.next().await;
    assert_eq!(call.keys, BTreeSet::from([3, 4]));
    under_way.push(call);
    for call in under_way {
        call.answer(|key| key);
    }
    for (key, question) in questions.into_iter().enumerate() {
        assert_eq!(question.await.unwrap(), key as u64);
    }
}

#[tokio::test]
async fn a_failure_is_that_of_all_who_shared_the_call_and_of_nobody_else() {
    let (coalescer, mut calls) = coalescer(LIMITS);
    let mut questions: Vec<_> = [1, 2, 2].map(|key| Box::pin(coalescer.ask(key))).into();
    for question in &mut questions {
        assert!(poll!(question).is_pending());
    }
    calls.next().await.answer.send(Err("down")).unwrap();
    for question in questions {
        let Err(NoAnswer::Failed(error)) = question.await else {
            panic!("an answer");
        };
        assert_eq!(*error, "down");
    }
    let mut next = Box::pin(coalescer.ask(1));
    assert!(poll!(&mut next).is_pending());
    calls.next().await.answer(|key| key);
    assert_eq!(next.await.unwrap(), 1);
}

#[tokio::test]
async fn who_goes_away_holds_up_nobody_and_is_not_asked_for() {
    let (coalescer, mut calls) = coalescer(LIMITS);
    let mut first = Box::pin(coalescer.ask(1));
    assert!(poll!(&mut first).is_pending());
    let call = calls.next().await;
    drop(first);
    let (mut gone, mut stays) = (Box::pin(coalescer.ask(2)), Box::pin(coalescer.ask(3)));
    // The one that goes is the first of its call.
    assert!(poll!(&mut gone).is_pending());
    assert!(poll!(&mut stays).is_pending());
    drop(gone);
    call.answer(|key| key);
    let call = calls.next().await;
    assert_eq!(call.in_order, [3]);
    call.answer(|key| key);
    assert_eq!(stays.await.unwrap(), 3);

    let mut nobody = Box::pin(coalescer.ask(4));
    assert!(poll!(&mut nobody).is_pending());
    drop(nobody);
    calls.none_start().await;
    assert_eq!(calls.count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_call_that_panics_or_says_too_little_leaves_questions_without_an_answer_and_goes_on() {
    let (coalescer, mut calls) = coalescer(LIMITS);
    for says_too_little in [true, false] {
        let mut question = Box::pin(coalescer.ask(1));
        assert!(poll!(&mut question).is_pending());
        let call = calls.next().await;
        if says_too_little {
            call.answer.send(Ok(vec![])).unwrap();
        } else {
            drop(call.answer);
        }
        assert!(matches!(question.await, Err(NoAnswer::Lost)));
    }
    let mut next = Box::pin(coalescer.ask(2));
    assert!(poll!(&mut next).is_pending());
    calls.next().await.answer(|key| key);
    assert_eq!(next.await.unwrap(), 2);
}

#[tokio::test]
async fn a_call_belongs_to_the_trace_of_who_asked_first() {
    let (coalescer, mut calls) = coalescer(LIMITS);
    let traces: Vec<_> = (0..3)
        .map(|_| TraceContext::of(&HeaderMap::new()))
        .collect();
    let mut questions: Vec<_> = traces
        .iter()
        .map(|trace| Box::pin(trace.clone().scope(coalescer.ask(1))))
        .collect();
    assert!(poll!(&mut questions[0]).is_pending());
    let call = calls.next().await;
    assert_eq!(call.trace_id, traces[0].trace_id());
    assert!(poll!(&mut questions[1]).is_pending());
    assert!(poll!(&mut questions[2]).is_pending());
    // What ends the call is of another trace.
    call.answer(|key| key);
    let call = calls.next().await;
    assert_eq!(call.trace_id, traces[1].trace_id());
    call.answer(|key| key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_ever_answered_with_what_was_before_the_question() {
    let now = Arc::new(AtomicU64::new(0));
    let calls = Arc::new(AtomicUsize::new(0));
    let source = (now.clone(), calls.clone());
    let limits = Limits {
        keys: 10,
        calls: 2,
        patience: Duration::from_micros(50),
    };
    let coalescer = Coalescer::<_, _, &str>::new(limits, move |keys: Vec<u64>| {
        let (now, calls) = source.clone();
        async move {
            calls.fetch_add(1, Ordering::SeqCst);
            let value = now.load(Ordering::SeqCst);
            yield_now().await;
            Ok(keys.iter().map(|key| key * 1_000_000 + value).collect())
        }
    });
    let mut tasks = JoinSet::new();
    for key in 0..50 {
        let (coalescer, now) = (coalescer.clone(), now.clone());
        tasks.spawn(async move {
            for _ in 0..200 {
                let before = now.fetch_add(1, Ordering::SeqCst) + 1;
                let answer = coalescer.ask(key).await.unwrap();
                assert_eq!(answer / 1_000_000, key, "everybody gets their own");
                assert!(answer % 1_000_000 >= before);
            }
        });
    }
    tasks.join_all().await;
    let calls = calls.load(Ordering::SeqCst);
    assert!(calls < 50 * 200, "{calls} calls");
}
