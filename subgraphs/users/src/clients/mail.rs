//! Where mails go: to an SMTP server, or into a folder for development.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{fs, io::AsyncWriteExt};
use uuid::Uuid;

use crate::app::ports::{Mail, MailError, Mailer};

/// For each command of the SMTP conversation.
const SMTP_TIMEOUT: Duration = Duration::from_secs(5);
/// For a whole mail; shorter than the lease that a worker has on it, and than the grace a stopping process has.
const SEND_TIMEOUT: Duration = Duration::from_secs(9);

/// RFC 3834, section 5: asks for no vacation notices.
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// What `SMTP_URL` may be.
pub const EXPECTS: &str = "smtp://[user:password@]host[:port] (with ?tls=required for STARTTLS), smtps://…, or file:DIR for one .eml a \
     message in a folder";

/// The mailer that `SMTP_URL` names, sending as `from`. The error says what is wrong and repeats no password.
pub fn mailer(url: &SecretString, from: Mailbox) -> Result<Arc<dyn Mailer>, String> {
    let text = url.expose_secret();
    if let Some(folder) = text.strip_prefix("file:") {
        let folder = PathBuf::from(folder.strip_prefix("//").unwrap_or(folder));
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()))?;
        return Ok(Arc::new(Folder { folder, from }));
    }
    if !(text.starts_with("smtp://") || text.starts_with("smtps://")) {
        return Err("it begins neither with smtp://, smtps:// nor file:".to_owned());
    }
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(text)
        .map_err(|error| error.to_string())?
        .timeout(Some(SMTP_TIMEOUT))
        .build();
    Ok(Arc::new(Smtp { transport, from }))
}

/// `Rookery <no-reply@DOMAIN>`.
pub fn default_sender(domain: &str) -> Result<Mailbox, String> {
    Address::new("no-reply", domain)
        .map(|address| Mailbox::new(Some("Rookery".to_owned()), address))
        .map_err(|error| error.to_string())
}

struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message(mail, &self.from)?;
        tokio::time::timeout(SEND_TIMEOUT, self.transport.send(message))
            .await
            .map_err(failed)?
            .map(drop)
            .map_err(failed)
    }
}

struct Folder {
    folder: PathBuf,
    from: Mailbox,
}

#[async_trait]
impl Mailer for Folder {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message(mail, &self.from)?.formatted();
        self.write(mail.id, &message).await.map_err(failed)
    }
}

impl Folder {
    /// Whoever looks into the folder sees whole mails only.
    async fn write(&self, id: Uuid, message: &[u8]) -> io::Result<()> {
        let unfinished = self.folder.join(format!(".{id}.part"));
        let mut file = fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            // The mail carries a token.
            .mode(0o600)
            .open(&unfinished)
            .await?;
        file.write_all(message).await?;
        file.sync_all().await?;
        fs::rename(&unfinished, self.folder.join(format!("{id}.eml"))).await
    }
}

fn message(mail: &Mail, from: &Mailbox) -> Result<Message, MailError> {
    let to: Address = mail.to.as_str().parse().map_err(failed)?;
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject)
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        .header(ContentType::TEXT_PLAIN)
        .raw_header(HeaderValue::new(
            AUTO_SUBMITTED,
            "auto-generated".to_owned(),
        ))
        .body(body(mail.text.expose_secret()))
        .map_err(failed)
}

/// ASCII as it is, so that a link can be copied out of the source of a mail. RFC 5322, 2.1.1 allows lines of 998
/// characters; lettre would fold those of more than 76.
fn body(text: &str) -> Body {
    if text.is_ascii() && text.lines().all(|line| line.len() <= 998) {
        let lines = text.replace('\n', "\r\n").into_bytes();
        Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text.to_owned())
    }
}

fn failed(error: impl std::fmt::Display) -> MailError {
    MailError(error.to_string())
}
