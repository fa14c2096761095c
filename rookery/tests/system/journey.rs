use serde_json::json;

use crate::{
    client::{Client, INBOX, TIMELINE},
    running::shared,
};

#[tokio::test]
async fn a_new_user_follows_somebody_reads_their_posts_and_writes_to_them() {
    let client = Client::new(shared().url("/graphql"));
    let (reader, author) = (client.somebody().await, client.somebody().await);
    let first = author.post("first").await;
    let empty = reader.data(TIMELINE, &json!({})).await;
    assert_eq!(
        empty["timeline"]["nodes"],
        json!([]),
        "posts of nobody they follow"
    );

    reader.follow(&author).await;
    let second = author.post("second").await;
    let timeline = reader.data(TIMELINE, &json!({})).await;
    let post = |id: &str, text| {
        json!({ "id": id, "text": text, "likeCount": 0, "viewerHasLiked": false,
                "author": { "username": author.username } })
    };
    let expected = json!([post(&second, "second"), post(&first, "first")]);
    assert_eq!(
        timeline["timeline"]["nodes"], expected,
        "newest first, with authors of another context"
    );

    let like = "mutation($id: ID!) { likePost(input: {postId: $id}) { post { likeCount viewerHasLiked } } }";
    let liked = reader.data(like, &json!({ "id": first })).await;
    assert_eq!(
        liked["likePost"]["post"],
        json!({ "likeCount": 1, "viewerHasLiked": true })
    );

    reader
        .message(&author, &format!("I like it, @{}", author.username))
        .await;
    let inbox = author.data(INBOX, &json!({})).await;
    let conversation = &inbox["conversations"]["nodes"][0];
    assert_eq!(conversation["unreadCount"], 1);
    assert_eq!(
        conversation["latestMessage"]["sender"]["username"],
        *reader.username
    );
    let mentions = author
        .data(
            "{ mentions { nodes { message { text mentions { id } } } } }",
            &json!({}),
        )
        .await;
    assert_eq!(
        mentions["mentions"]["nodes"][0]["message"]["mentions"],
        json!([{ "id": author.id }])
    );
}

#[tokio::test]
async fn pages_of_the_timeline_join_without_gap_or_repetition_while_others_write() {
    let client = Client::new(shared().url("/graphql"));
    let (reader, author) = (client.somebody().await, client.somebody().await);
    reader.follow(&author).await;
    let mut expected = Vec::new();
    for number in 0..7 {
        expected.insert(0, author.post(&format!("post {number}")).await);
    }
    let mut seen = Vec::new();
    let mut after = json!(null);
    loop {
        let page = reader
            .data(TIMELINE, &json!({ "first": 2, "after": after }))
            .await;
        let nodes = page["timeline"]["nodes"].as_array().unwrap();
        seen.extend(
            nodes
                .iter()
                .map(|node| node["id"].as_str().unwrap().to_owned()),
        );
        author.post("written while the reader pages").await;
        if page["timeline"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["timeline"]["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn only_participants_see_a_conversation() {
    let client = Client::new(shared().url("/graphql"));
    let (ada, grace, eve) = (
        client.somebody().await,
        client.somebody().await,
        client.somebody().await,
    );
    let (message, conversation) = ada.message(&grace, "between us").await;
    let query = "query($id: ID!) { conversation(id: $id) { id latestMessage { text } } }";
    let seen = grace.data(query, &json!({ "id": conversation })).await;
    assert_eq!(seen["conversation"]["latestMessage"]["text"], "between us");

    let (_, body) = eve.send(query, &json!({ "id": conversation })).await;
    assert!(
        !body.to_string().contains("between us") && !body.to_string().contains(&message),
        "{body}"
    );
    let write = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } userErrors { code } } }";
    let input = json!({ "input": { "conversationId": conversation, "text": "let me in" } });
    let (_, body) = eve.send(write, &input).await;
    assert_eq!(
        body["errors"][0]["extensions"]["code"], "NOT_A_PARTICIPANT",
        "{body}"
    );
    let (_, body) = client.send(&[], write, &input).await;
    assert_eq!(
        body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "{body}"
    );
}

#[tokio::test]
async fn one_conversation_comes_of_two_people_starting_it_at_once() {
    let client = Client::new(shared().url("/graphql"));
    let (ada, grace) = (client.somebody().await, client.somebody().await);
    let (one, two) = tokio::join!(ada.message(&grace, "hello"), grace.message(&ada, "hello"));
    assert_eq!(one.1, two.1, "the same conversation");
}

#[tokio::test]
async fn whoever_guesses_passwords_is_told_to_wait_and_for_how_long() {
    let client = Client::new(shared().url("/graphql"));
    let person = client.somebody().await;
    let query = "mutation($input: LoginInput!) { login(input: $input) { userErrors { code } } }";
    let input = json!({ "email": format!("{}@example.com", person.username), "password": "a wrong password" });
    for _ in 0..10 {
        let data = client.data(&[], query, &json!({ "input": input })).await;
        assert_eq!(
            data["login"]["userErrors"][0]["code"],
            "INVALID_CREDENTIALS"
        );
    }
    let (_, body) = client.send(&[], query, &json!({ "input": input })).await;
    let extensions = &body["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "RATE_LIMITED");
    assert!(
        (1..=900).contains(&extensions["retryAfter"].as_i64().unwrap()),
        "{body}"
    );
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(shared().url("/api/auth/login"))
        .json(&input)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 429);
    assert!(answer.headers().contains_key("retry-after"));
}
