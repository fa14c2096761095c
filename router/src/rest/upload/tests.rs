use hive_router::ntex::http::error::PayloadError;

use super::*;

const CHUNK_TIMEOUT: Duration = Duration::from_millis(20);

/// Transfers a body of chunks of 3 bytes, which ends after the last one or stalls.
async fn transfer(chunks: usize, is_ended: bool, limit: u64) -> (Result<(), UploadEnd>, usize) {
    let mut left = chunks;
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
    let (sender, mut receiver) = mpsc::channel(BUFFERED_CHUNKS);
    let transfer = Transfer {
        payload: Rc::new(RefCell::new(Payload::from_stream(stream))),
        io: None,
        sender,
        limit,
        chunk_timeout: CHUNK_TIMEOUT,
    };
    let counting = async {
        let mut count = 0;
        while let Some(Chunk::Data(_)) = receiver.recv().await {
            count += 1;
        }
        count
    };
    tokio::join!(transfer.run(), counting)
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
async fn refuses_a_body_above_its_limit() {
    assert_eq!(transfer(4, true, 12).await, (Ok(()), 4));
    assert_eq!(transfer(4, true, 11).await, (Err(UploadEnd::TooLarge), 3));
    assert_eq!(transfer(0, true, 0).await, (Ok(()), 0));
}

#[tokio::test]
async fn times_out_a_stalled_client() {
    assert_eq!(transfer(1, false, 12).await, (Err(UploadEnd::TimedOut), 1));
}

#[tokio::test]
async fn times_out_an_endless_body() {
    let mut often = tokio::time::interval(CHUNK_TIMEOUT / 4);
    let stream = Flow(Box::new(move |cx| {
        ready!(often.poll_tick(cx));
        Poll::Ready(Some(Ok(Bytes::from_static(b"a"))))
    }));
    let (sender, mut receiver) = mpsc::channel(BUFFERED_CHUNKS);
    let transfer = Transfer {
        payload: Rc::new(RefCell::new(Payload::from_stream(stream))),
        io: None,
        sender,
        limit: u64::MAX,
        chunk_timeout: CHUNK_TIMEOUT,
    };
    let receiving = async { while receiver.recv().await.is_some() {} };
    assert_eq!(
        tokio::join!(transfer.run(), receiving).0,
        Err(UploadEnd::TimedOut)
    );
}

#[tokio::test]
async fn times_out_a_service_that_stops_reading() {
    let stream = Flow(Box::new(|_cx| {
        Poll::Ready(Some(Ok(Bytes::from_static(b"a"))))
    }));
    let (_body, mut upload) =
        Upload::start(Payload::from_stream(stream), None, u64::MAX, CHUNK_TIMEOUT);
    assert_eq!(upload.ended().await, Err(UploadEnd::Refused));
    assert!(!matches!(upload.into_unread(), Payload::None));
}

#[tokio::test]
async fn truncated_body_is_an_error() {
    for is_whole in [true, false] {
        let (sender, receiver) = mpsc::channel(BUFFERED_CHUNKS);
        if is_whole {
            assert!(sender.try_send(Chunk::Last).is_ok());
        }
        drop(sender);
        let mut pieces = Chunks {
            receiver,
            is_complete: false,
        };
        let last = poll_fn(|cx| Pin::new(&mut pieces).poll_next(cx)).await;
        assert_eq!(last.is_none(), is_whole);
    }
}
