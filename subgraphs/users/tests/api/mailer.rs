use std::fs;

use common::{clock::SystemClock, config::Env};
use testkit::tokens;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use users::{
    Config,
    app::ports::{Mail, Mailer},
    domain::Email,
};
use uuid::Uuid;

use std::sync::Arc;

fn mailer(smtp_url: &str) -> Arc<dyn Mailer> {
    let env = Env::of([
        ("DATABASE_URL", "postgres://users_svc@127.0.0.1/rookery"),
        (
            "JWT_PRIVATE_KEY",
            secrecy::ExposeSecret::expose_secret(&tokens().pair.private_pem),
        ),
        ("JWT_PUBLIC_KEY", &tokens().pair.public_pem),
        ("PUBLIC_URL", "https://rookery.example.com"),
        ("SMTP_URL", smtp_url),
        ("AVATAR_STORE_URL", "s3://avatars"),
    ]);
    Config::from_env(&env, SystemClock::shared())
        .unwrap()
        .mailer
}

/// As long as real ones: mail software likes to break lines of more than 76 characters.
const LINK: &str =
    "https://rookery.example.com/verify-email?token=LoEf9WPhrg2KHVxVShpLoPzePMP9DRkb61tkQxKO0C8";

fn mail(id: u128) -> Mail {
    Mail {
        id: Uuid::from_u128(id),
        to: Email::parse("Ada@example.com").unwrap(),
        subject: "Verify your e-mail address",
        text: format!("Hello,\n\n{LINK}\n.\nlast\n").into(),
    }
}

fn assert_is_the_mail(message: &str) {
    for line in [
        "From: Rookery <no-reply@rookery.example.com>",
        "To: Ada@example.com",
        "Subject: Verify your e-mail address",
        "Auto-Submitted: auto-generated",
        "Content-Transfer-Encoding: 7bit",
        "Message-ID: <00000000-0000-0000-0000-000000000001@rookery.example.com>",
        LINK,
    ] {
        assert!(message.lines().any(|l| l == line), "{line} in\n{message}");
    }
}

#[tokio::test]
async fn a_folder_gets_one_readable_file_a_mail() {
    let folder = std::env::temp_dir().join(format!("rookery-mails-{}", std::process::id()));
    let mailer = mailer(&format!("file:{}", folder.display()));
    for id in [1, 2, 1] {
        mailer.send(&mail(id)).await.unwrap();
    }
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    let first = fs::read_to_string(folder.join(&names[0])).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        names,
        [1, 2].map(|id| format!("{}.eml", Uuid::from_u128(id)))
    );
    assert_is_the_mail(&first.replace("\r\n", "\n"));
}

/// An SMTP server (RFC 5321) for one mail, which it answers with `verdict` and returns.
async fn smtp_server(listener: TcpListener, verdict: &'static str) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut message = String::new();
    reply(&mut stream, "220 sink").await;
    loop {
        let line = read_line(&mut stream).await;
        match line.split([' ', ':']).next().unwrap() {
            "DATA" => {
                reply(&mut stream, "354 go on").await;
                loop {
                    let line = read_line(&mut stream).await;
                    if line == "." {
                        break;
                    }
                    // 4.5.2: a dot that begins a line was doubled.
                    message.push_str(line.strip_prefix('.').unwrap_or(&line));
                    message.push('\n');
                }
                reply(&mut stream, verdict).await;
                return message;
            }
            _ => reply(&mut stream, "250 ok").await,
        }
    }
}

async fn reply(stream: &mut BufReader<TcpStream>, line: &str) {
    stream
        .write_all(format!("{line}\r\n").as_bytes())
        .await
        .unwrap();
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    line.trim_end_matches(['\r', '\n']).to_owned()
}

#[tokio::test]
async fn an_smtp_server_gets_the_mail() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mailer = mailer(&format!("smtp://{}", listener.local_addr().unwrap()));
    let server = tokio::spawn(smtp_server(listener, "250 taken"));
    mailer.send(&mail(1)).await.unwrap();
    let message = server.await.unwrap();
    assert_is_the_mail(&message);
    assert!(
        message.lines().any(|line| line == "."),
        "a line of one dot is part of the mail"
    );
}

#[tokio::test]
async fn what_an_smtp_server_refuses_is_an_error_with_its_words() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mailer = mailer(&format!("smtp://{}", listener.local_addr().unwrap()));
    let server = tokio::spawn(smtp_server(listener, "452 mailbox full"));
    let error = mailer.send(&mail(1)).await.unwrap_err();
    assert!(error.to_string().contains("mailbox full"), "{error}");
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(
        mailer(&format!("smtp://{address}"))
            .send(&mail(1))
            .await
            .is_err()
    );
}
