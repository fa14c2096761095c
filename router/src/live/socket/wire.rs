//! A WebSocket as frames: what is read of it is whole messages, and what is written is known to have gone out.

use std::{future::poll_fn, io, time::Duration};

use hive_router::ntex::{
    codec::BytesCodec,
    io::IoBoxed,
    util::{ByteString, Bytes, BytesMut, Either},
    ws::{Codec, Frame, Item, Message, error::ProtocolError},
};
use tokio::time::{Instant, timeout};

use super::closing::Closing;

/// Of a message, like the body of a request.
pub(super) const LONGEST: usize = 64 * 1024;

/// What happens on a wire.
#[derive(Debug)]
pub(super) enum Progress {
    /// Everything that waited has gone out.
    Written,
    /// A message has come.
    Text(Bytes),
    /// Something of the connection itself has, which shows that the client is there.
    Sign,
}

enum Step {
    Out(io::Result<()>),
    In(Result<Option<Frame>, Either<ProtocolError, io::Error>>),
}

pub(super) struct Wire {
    io: IoBoxed,
    codec: Codec,
    /// The beginning of a message that comes in pieces.
    begun: Option<BytesMut>,
    /// Since when something waits to go out, and how much of it there was when it last became less.
    waiting: Option<(Instant, usize)>,
}

impl Wire {
    pub(super) fn new(io: IoBoxed) -> Self {
        Self {
            io,
            codec: Codec::new().max_size(LONGEST),
            begun: None,
            waiting: None,
        }
    }

    /// The next thing that happens. Can be dropped and called again.
    pub(super) async fn next(&mut self) -> Result<Progress, Closing> {
        loop {
            let (io, codec) = (&self.io, &self.codec);
            let step = tokio::select! {
                biased;
                flushed = poll_fn(|cx| io.poll_flush(cx, true)), if self.waiting.is_some() => Step::Out(flushed),
                frame = io.recv(codec) => Step::In(frame),
            };
            match step {
                Step::Out(flushed) => {
                    self.waiting = None;
                    flushed.map_err(|_error| Closing::Gone)?;
                    return Ok(Progress::Written);
                }
                Step::In(Ok(Some(frame))) => {
                    if let Some(progress) = self.take(frame)? {
                        return Ok(progress);
                    }
                }
                Step::In(Ok(None) | Err(Either::Right(_))) => return Err(Closing::Gone),
                Step::In(Err(Either::Left(ProtocolError::Overflow))) => {
                    return Err(Closing::TooLong);
                }
                Step::In(Err(Either::Left(_))) => return Err(Closing::BrokenFrames),
            }
        }
    }

    fn take(&mut self, frame: Frame) -> Result<Option<Progress>, Closing> {
        Ok(Some(match frame {
            Frame::Text(_) | Frame::Binary(_) if self.begun.is_some() => {
                return Err(Closing::BrokenFrames);
            }
            Frame::Text(text) => Progress::Text(text),
            Frame::Binary(_) | Frame::Continuation(Item::FirstBinary(_)) => {
                return Err(Closing::InvalidMessage("it is binary"));
            }
            Frame::Continuation(Item::FirstText(piece)) => {
                self.begun = Some(BytesMut::copy_from_slice(&piece));
                return Ok(None);
            }
            Frame::Continuation(Item::Continue(piece)) => {
                self.go_on(&piece)?;
                return Ok(None);
            }
            Frame::Continuation(Item::Last(piece)) => {
                self.go_on(&piece)?;
                Progress::Text(self.begun.take().unwrap_or_default().freeze())
            }
            Frame::Ping(payload) => {
                self.write(Message::Pong(payload));
                Progress::Sign
            }
            Frame::Pong(_) => Progress::Sign,
            Frame::Close(_) => return Err(Closing::ByClient),
        }))
    }

    fn go_on(&mut self, piece: &[u8]) -> Result<(), Closing> {
        let begun = self.begun.get_or_insert_default();
        begun.extend_from_slice(piece);
        if begun.len() > LONGEST {
            return Err(Closing::TooLong);
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
        // Only continuations can be encoded at a wrong time, and there are none.
        let _ = self.io.encode(message, &self.codec);
        if self.waiting.is_none() {
            self.waiting = Some((Instant::now(), self.left()));
        }
    }

    /// Whether something waits to go out.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Since when nothing of what waits has gone out, as far as is known.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        self.waiting.map(|(since, _left)| since)
    }

    /// Looks again whether something has gone out, a while after it was looked last.
    pub(super) fn is_still_stuck(&mut self) -> bool {
        let left = self.left();
        match &mut self.waiting {
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

    /// Says why, and ends the connection.
    pub(super) async fn close(mut self, why: &Closing) {
        /// Time for the frame to go out, and for the client to close its side: whoever is closed on what it still sends may
        /// never read why.
        const FAREWELL: Duration = Duration::from_secs(1);
        if let Some(reason) = why.reason() {
            self.write(Message::Close(Some(reason)));
            let farewell = async {
                if *why == Closing::ByClient {
                    // It has said all, and waits for the end of the connection.
                    let _ = self.io.flush(true).await;
                    return;
                }
                // What still comes is not of interest any more, only its end.
                let ended = loop {
                    if let Err(ended) = self.next().await {
                        break ended;
                    }
                };
                if matches!(ended, Closing::ByClient | Closing::Gone) {
                    return;
                }
                // Nor can it be read as frames.
                let _ = self.io.flush(true).await;
                while let Ok(Some(_)) = self.io.recv(&BytesCodec).await {}
            };
            let _ = timeout(FAREWELL, farewell).await;
        }
        self.io.terminate();
    }
}
