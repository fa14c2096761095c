//! When a process is to stop: a signal, or the end of its standard input where a parent asked for that.

use tokio::{
    io::AsyncReadExt,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// Tells every part of a process to stop, once.
pub type Shutdown = CancellationToken;

/// Stops at SIGTERM or SIGINT.
pub fn on_signal() -> std::io::Result<Shutdown> {
    let shutdown = Shutdown::new();
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let trigger = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        trigger.cancel();
    });
    Ok(shutdown)
}

/// Stops at SIGTERM or when standard input ends, which it does when the parent that holds its other end is gone,
/// however it ended. SIGINT is left to the parent: Ctrl-C in a terminal reaches the whole process group, and the parent
/// stops its children in an order.
pub fn with_parent() -> std::io::Result<Shutdown> {
    let shutdown = Shutdown::new();
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let trigger = shutdown.clone();
    tokio::spawn(async move {
        let mut stdin = tokio::io::stdin();
        let mut buffer = [0; 64];
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => {}
                read = stdin.read(&mut buffer) => if matches!(read, Ok(0) | Err(_)) { break },
            }
        }
        trigger.cancel();
    });
    Ok(shutdown)
}
