//! Every secret that the suite used through the graph, held against every line that its systems logged. A secret in a
//! line ends the test process: whichever test it was, the suite has failed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

static SEEN: Mutex<Seen> = Mutex::new(Seen {
    secrets: Vec::new(),
    lines: Vec::new(),
});

struct Seen {
    secrets: Vec<String>,
    lines: Vec<String>,
}

fn seen() -> MutexGuard<'static, Seen> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes the passwords and tokens in what was asked or answered.
pub fn used(value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.to_ascii_lowercase();
                match value {
                    Value::String(text)
                        if name.ends_with("password") || name.ends_with("token") =>
                    {
                        note(text);
                    }
                    other => used(other),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(used),
        _ => {}
    }
}

fn note(secret: &str) {
    let mut seen = seen();
    if secret.len() < 8 || seen.secrets.iter().any(|known| known == secret) {
        return;
    }
    // A line may be here before the answer that tells the secret.
    if let Some(line) = seen.lines.iter().find(|line| line.contains(secret)) {
        leak(line, secret);
    }
    seen.secrets.push(secret.to_owned());
}

/// Looks at a line that a system logged.
pub fn logged(line: &str) {
    // What `cargo run` tells the person at the terminal.
    if line.starts_with("  demo ") {
        return;
    }
    let mut seen = seen();
    if let Some(secret) = seen.secrets.iter().find(|secret| line.contains(*secret)) {
        leak(line, secret);
    }
    seen.lines.push(line.to_owned());
}

fn leak(line: &str, secret: &str) -> ! {
    eprintln!("a secret of the suite is in a log: {secret} in\n{line}");
    std::process::abort();
}

#[test]
fn the_secrets_of_requests_and_answers_are_noted() {
    let answer = serde_json::json!({ "data": [{ "login": { "accessToken": "noted-by-this-test", "tokenType": "bearer" } }] });
    used(&answer);
    let seen = seen();
    assert!(
        seen.secrets
            .iter()
            .any(|secret| secret == "noted-by-this-test")
    );
    assert!(seen.secrets.iter().all(|secret| secret != "bearer"));
}
