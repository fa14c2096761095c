use std::collections::BTreeMap;

use serde_json::json;
use tokio::task::JoinSet;

use crate::{client::Client, running::shared};

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
