//! A WebSocket transport that reads whole messages and reports when written messages have left the process.

use std::{future::poll_fn, io, time::Duration};

use hive_router::ntex::{
    codec::BytesCodec,
    io::IoBoxed,
    util::{ByteString, Bytes, BytesMut, Either},
    ws::{Codec, Frame, Item, Message, error::ProtocolError},
};
use tokio::time::{Instant, timeout};

use super::close_cause::CloseCause;

/// Maximum size of a message, like that of a request body.
pub(super) const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// An event of the transport.
#[derive(Debug)]
pub(super) enum TransportEvent {
    /// The write buffer is empty again.
    Written,
    /// A message was received.
    Text(Bytes),
    /// A control frame was received, which shows that the client is alive.
    Activity,
}

enum Step {
    Out(io::Result<()>),
    In(Result<Option<Frame>, Either<ProtocolError, io::Error>>),
}

pub(super) struct Transport {
    io: IoBoxed,
    codec: Codec,
    /// The received part of a fragmented message.
    partial: Option<BytesMut>,
    /// While the write buffer is not empty: when it last shrank, and its size then.
    unwritten: Option<(Instant, usize)>,
}

impl Transport {
    pub(super) fn new(io: IoBoxed) -> Self {
        Self {
            io,
            codec: Codec::new().max_size(MAX_MESSAGE_BYTES),
            partial: None,
            unwritten: None,
        }
    }

    /// The next event. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<TransportEvent, CloseCause> {
        loop {
            let (io, codec) = (&self.io, &self.codec);
            let step = tokio::select! {
                biased;
                flushed = poll_fn(|cx| io.poll_flush(cx, true)), if self.unwritten.is_some() => Step::Out(flushed),
                frame = io.recv(codec) => Step::In(frame),
            };
            match step {
                Step::Out(flushed) => {
                    self.unwritten = None;
                    flushed.map_err(|_error| CloseCause::Gone)?;
                    return Ok(TransportEvent::Written);
                }
                Step::In(Ok(Some(frame))) => {
                    if let Some(progress) = self.take(frame)? {
                        return Ok(progress);
                    }
                }
                Step::In(Ok(None) | Err(Either::Right(_))) => return Err(CloseCause::Gone),
                Step::In(Err(Either::Left(ProtocolError::Overflow))) => {
                    return Err(CloseCause::TooLong);
                }
                Step::In(Err(Either::Left(_))) => return Err(CloseCause::BrokenFrames),
            }
        }
    }

    fn take(&mut self, frame: Frame) -> Result<Option<TransportEvent>, CloseCause> {
        Ok(Some(match frame {
            Frame::Text(_) | Frame::Binary(_) if self.partial.is_some() => {
                return Err(CloseCause::BrokenFrames);
            }
            Frame::Text(text) => TransportEvent::Text(text),
            Frame::Binary(_) | Frame::Continuation(Item::FirstBinary(_)) => {
                return Err(CloseCause::InvalidMessage("it is binary"));
            }
            Frame::Continuation(Item::FirstText(piece)) => {
                self.partial = Some(BytesMut::copy_from_slice(&piece));
                return Ok(None);
            }
            Frame::Continuation(Item::Continue(piece)) => {
                self.append(&piece)?;
                return Ok(None);
            }
            Frame::Continuation(Item::Last(piece)) => {
                self.append(&piece)?;
                TransportEvent::Text(self.partial.take().unwrap_or_default().freeze())
            }
            Frame::Ping(payload) => {
                self.write(Message::Pong(payload));
                TransportEvent::Activity
            }
            Frame::Pong(_) => TransportEvent::Activity,
            Frame::Close(_) => return Err(CloseCause::ByClient),
        }))
    }

    fn append(&mut self, piece: &[u8]) -> Result<(), CloseCause> {
        let partial = self.partial.get_or_insert_default();
        partial.extend_from_slice(piece);
        if partial.len() > MAX_MESSAGE_BYTES {
            return Err(CloseCause::TooLong);
        }
        Ok(())
    }

    pub(super) fn send(&mut self, text: String) {
        self.write(Message::Text(ByteString::from(text)));
    }

    pub(super) fn ping(&mut self) {
        self.write(Message::Ping(Bytes::new()));
    }

    fn write(&mut self, message: Message) {
        // Encoding fails only for misplaced continuation frames, and none are sent.
        let _ = self.io.encode(message, &self.codec);
        if self.unwritten.is_none() {
            self.unwritten = Some((Instant::now(), self.left()));
        }
    }

    /// Whether the write buffer is not empty.
    pub(super) fn is_waiting(&self) -> bool {
        self.unwritten.is_some()
    }

    /// When the write buffer last shrank, as far as is known; `None` if it is empty.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        self.unwritten.map(|(since, _left)| since)
    }

    /// Checks whether the write buffer has shrunk since the last check.
    pub(super) fn is_still_stuck(&mut self) -> bool {
        let left = self.left();
        match &mut self.unwritten {
            Some((since, before)) if left < *before => {
                *since = Instant::now();
                *before = left;
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    fn left(&self) -> usize {
        self.io.with_write_dst_buf(|buffer| buffer.len())
    }

    /// Sends a close frame and ends the connection.
    pub(super) async fn close(mut self, cause: &CloseCause) {
        /// Time for the close frame, and for the client to close its side: a client whose connection is reset while it sends may
        /// never read the close frame.
        const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
        if let Some(reason) = cause.reason() {
            self.write(Message::Close(Some(reason)));
            let closing = async {
                if *cause == CloseCause::ByClient {
                    // The client has sent its close frame and waits for the end of the connection.
                    let _ = self.io.flush(true).await;
                    return;
                }
                // Discards further messages until the client closes its side.
                let ended = loop {
                    if let Err(ended) = self.next().await {
                        break ended;
                    }
                };
                if matches!(ended, CloseCause::ByClient | CloseCause::Gone) {
                    return;
                }
                // The input cannot be parsed as frames: discard bytes.
                let _ = self.io.flush(true).await;
                while let Ok(Some(_)) = self.io.recv(&BytesCodec).await {}
            };
            let _ = timeout(CLOSE_TIMEOUT, closing).await;
        }
        self.io.terminate();
    }
}
