//! When a process is to stop: a signal, or the end of its standard input where a parent asked for that.

use tokio::signal::unix::{SignalKind, signal};
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
    let (trigger, at_end) = (shutdown.clone(), shutdown.clone());
    // A thread of its own: a read in the runtime's pool would keep the runtime, and so the process, from ending before
    // the parent closes the other end.
    std::thread::Builder::new()
        .name("parent".to_owned())
        .spawn(move || {
            // The end, or an error, which is as final.
            drop(std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
            at_end.cancel();
        })?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => {}
            }
        }
        trigger.cancel();
    });
    Ok(shutdown)
}
