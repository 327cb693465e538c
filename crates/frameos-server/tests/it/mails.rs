//! Mail by SMTP: against a server of the test's own, which takes, puts off or refuses what it is sent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::harness::TestApp;

/// A mail server that says of each mail in turn what it is told to, and takes all that come after.
struct Smtp {
    address: SocketAddr,
    mails: mpsc::UnboundedReceiver<String>,
    /// What clients said, line by line.
    heard: Arc<Mutex<Vec<String>>>,
}

impl Smtp {
    async fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mails) = mpsc::unbounded_channel();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (answers, lines) = (Arc::new(Mutex::new(answers.to_vec())), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, sender.clone(), Arc::clone(&answers), Arc::clone(&lines)));
            }
        });
        Self { address, mails, heard }
    }
}

async fn talk(
    stream: TcpStream,
    mails: mpsc::UnboundedSender<String>,
    answers: Arc<Mutex<Vec<&'static str>>>,
    heard: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 test\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        heard.lock().unwrap().push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-test\r\n250 8BITMIME",
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                    mail.push_str(&line);
                    mail.push('\n');
                }
                let answer = answers.lock().unwrap().pop().unwrap_or("250 taken");
                if answer.starts_with('2') {
                    mails.send(mail).ok()?;
                }
                answer
            }
            "STARTTLS" => "502 no",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        writing.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
    None
}

async fn start(smtp: &Smtp, query: &str) -> TestApp {
    let url = format!("smtp://{}{query}", smtp.address);
    TestApp::start_with(|config| {
        config.mail.smtp = Some(url.into());
        config.mail.from = Some("FrameOS <no-reply@frameos.example>".into());
        config.require_verified_email = None;
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_put_off_is_sent_again_and_refused_ones_are_not() {
    // Answers are taken from the end: the first mail is put off, then taken; the next is refused for good.
    let mut smtp = Smtp::start(&["550 no such mailbox", "250 taken", "451 later"]).await;
    let app = start(&smtp, "").await;
    let user = app.user("first").await;
    let mail = smtp.mails.recv().await.unwrap();
    assert!(
        mail.contains("To: first@example.com") && mail.contains("From: FrameOS <no-reply@frameos.example>")
    );
    assert!(mail.contains("Verify your e-mail address"), "{mail}");
    // Where mail goes to people, it has to be answered before paying.
    let refused = user.post("/wallet/top-ups", &json!({"amount": 100})).await.expect(403);
    assert_eq!(refused.code(), "EMAIL_UNVERIFIED");
    app.user("second").await;
    app.user("third").await;
    let next = smtp.mails.recv().await.unwrap();
    let refused = if next.contains("To: third@example.com") { "second" } else { "third" };
    let again = smtp
        .heard
        .lock()
        .unwrap()
        .iter()
        .filter(|line| line.contains(refused) && line.starts_with("RCPT"))
        .count();
    assert!(again <= 1, "a mail that was refused was sent again");
    assert!(app.data_dir().join("mail").read_dir().map_or(true, |mut folder| folder.next().is_none()));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_in_the_clear_where_encryption_is_required() {
    let smtp = Smtp::start(&[]).await;
    let app = start(&smtp, "?tls=required").await;
    app.user("someone").await;
    while !smtp.heard.lock().unwrap().iter().any(|line| line.starts_with("EHLO")) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    app.finish().await;
    let heard = smtp.heard.lock().unwrap();
    assert!(!heard.iter().any(|line| line.starts_with("MAIL") || line.starts_with("DATA")), "{heard:?}");
}
