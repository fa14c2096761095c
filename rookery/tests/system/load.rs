use std::collections::BTreeMap;

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::{Client, PASSWORD, TIMELINE},
    running::{Running, shared},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_registrations_of_one_email_at_once_make_one_account() {
    let client = Client::new(shared().url("/graphql"));
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let client = client.clone();
        tasks.spawn(async move {
            let query = "mutation($input: RegisterInput!) { register(input: $input) { user { id } userErrors { code } } }";
            let input = json!({ "email": "wanted@example.com", "username": format!("wants_it_{number}"),
                                "password": "a long enough password" });
            let (status, body) = client.send(&[], query, &json!({ "input": input })).await;
            let payload = &body["data"]["register"];
            let error = body["errors"][0]["extensions"]["code"].as_str();
            let outcome = match (payload["user"]["id"].as_str(), payload["userErrors"][0]["code"].as_str()) {
                (Some(_), None) => "registered",
                (None, Some(code)) => code,
                _ => error.unwrap_or("neither"),
            };
            format!("{status} {outcome}")
        });
    }
    let mut outcomes = BTreeMap::new();
    for outcome in tasks.join_all().await {
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    let expected = [
        ("200 OK EMAIL_ALREADY_EXISTS", 199),
        ("200 OK registered", 1),
    ];
    assert_eq!(
        outcomes,
        expected
            .map(|(outcome, count)| (outcome.to_owned(), count))
            .into()
    );
}

/// The most memory that a process has had so far, KiB.
fn peak(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.unwrap().trim().split(' ').next().unwrap();
    number.parse().unwrap()
}

/// Each hash takes 19 MiB: 250 at once would take 5 GB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_logins_takes_bounded_memory_and_others_are_answered_meanwhile() {
    let system = Running::start(&["--no-seed"]);
    let client = Client::new(system.url("/graphql"));
    let person = client.somebody().await;
    let users = system.process_of("users");
    let before = peak(users);
    let mut storm = JoinSet::new();
    for number in 0..250 {
        let client = client.clone();
        storm.spawn(async move {
            let query =
                "mutation($input: LoginInput!) { login(input: $input) { userErrors { code } } }";
            let input = json!({ "email": format!("{number}@example.com"), "password": PASSWORD });
            let (_, body) = client.send(&[], query, &json!({ "input": input })).await;
            let refused = body["data"]["login"]["userErrors"][0]["code"].as_str();
            refused
                .or(body["errors"][0]["extensions"]["code"].as_str())
                .unwrap_or("neither")
                .to_owned()
        });
    }
    let mut answered = 0;
    while storm.try_join_next().is_none() || answered < 20 {
        person.data(TIMELINE, &json!({})).await;
        answered += 1;
    }
    let mut outcomes = BTreeMap::new();
    for outcome in storm.join_all().await {
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    for outcome in outcomes.keys() {
        assert!(
            ["INVALID_CREDENTIALS", "SERVICE_UNAVAILABLE"].contains(&outcome.as_str()),
            "{outcomes:?}"
        );
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let grown = peak(users) - before;
    assert!(grown < (cores * 19 + 64) * 1024, "{grown} KiB more");
}
