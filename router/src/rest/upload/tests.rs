use hive_router::ntex::http::error::PayloadError;

use super::*;

const PATIENCE: Duration = Duration::from_millis(20);

/// Passes on a body of this many pieces of 3 bytes, the last of which may be followed by nothing at all.
async fn pass(pieces: usize, is_ended: bool, limit: u64) -> (Result<(), End>, usize) {
    let mut left = pieces;
    let stream = Flow(Box::new(move |_cx| {
        if left == 0 {
            return if is_ended {
                Poll::Ready(None)
            } else {
                Poll::Pending
            };
        }
        left -= 1;
        Poll::Ready(Some(Ok(Bytes::from_static(b"abc"))))
    }));
    let (sender, mut receiver) = mpsc::channel(PIECES);
    let passage = Passage {
        payload: Rc::new(RefCell::new(Payload::from_stream(stream))),
        io: None,
        sender,
        limit,
        patience: PATIENCE,
    };
    let counting = async {
        let mut count = 0;
        while let Some(Piece::Data(_)) = receiver.recv().await {
            count += 1;
        }
        count
    };
    tokio::join!(passage.pass(), counting)
}

type Poller = dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>>;

struct Flow(Box<Poller>);

impl Stream for Flow {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        (self.0)(cx)
    }
}

#[tokio::test]
async fn a_body_may_have_its_limit_and_not_a_byte_more() {
    assert_eq!(pass(4, true, 12).await, (Ok(()), 4));
    assert_eq!(pass(4, true, 11).await, (Err(End::TooLarge), 3));
    assert_eq!(pass(0, true, 0).await, (Ok(()), 0));
}

#[tokio::test]
async fn a_client_that_sends_nothing_more_is_given_up() {
    assert_eq!(pass(1, false, 12).await, (Err(End::Late), 1));
}

#[tokio::test]
async fn so_is_one_that_never_comes_to_an_end() {
    let mut often = tokio::time::interval(PATIENCE / 4);
    let stream = Flow(Box::new(move |cx| {
        ready!(often.poll_tick(cx));
        Poll::Ready(Some(Ok(Bytes::from_static(b"a"))))
    }));
    let (sender, mut receiver) = mpsc::channel(PIECES);
    let passage = Passage {
        payload: Rc::new(RefCell::new(Payload::from_stream(stream))),
        io: None,
        sender,
        limit: u64::MAX,
        patience: PATIENCE,
    };
    let receiving = async { while receiver.recv().await.is_some() {} };
    assert_eq!(tokio::join!(passage.pass(), receiving).0, Err(End::Late));
}

#[tokio::test]
async fn a_service_that_takes_nothing_more_is_given_up() {
    let stream = Flow(Box::new(|_cx| {
        Poll::Ready(Some(Ok(Bytes::from_static(b"a"))))
    }));
    let (_body, mut upload) = Upload::start(Payload::from_stream(stream), None, u64::MAX, PATIENCE);
    assert_eq!(upload.ended().await, Err(End::Refused));
    assert!(!matches!(upload.into_leftover(), Payload::None));
}

#[tokio::test]
async fn a_body_without_its_last_piece_is_an_error() {
    for is_whole in [true, false] {
        let (sender, receiver) = mpsc::channel(PIECES);
        if is_whole {
            assert!(sender.try_send(Piece::End).is_ok());
        }
        drop(sender);
        let mut pieces = Pieces {
            receiver,
            is_complete: false,
        };
        let last = poll_fn(|cx| Pin::new(&mut pieces).poll_next(cx)).await;
        assert_eq!(last.is_none(), is_whole);
    }
}
