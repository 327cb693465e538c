//! Connections to others over TLS: mail servers and a payment gateway whose certificates are trusted, or not.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    runtime::Runtime,
    sync::mpsc,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

use crate::{
    program::{Frameos, finish},
    server::Server,
};

/// Longer than anything takes; only what never comes waits for all of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A certificate for this machine, as files, and whoever accepts connections with it.
struct Trusted {
    certificate: PathBuf,
    key: PathBuf,
    acceptor: TlsAcceptor,
}

fn trusted(frameos: &Frameos) -> Trusted {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let (certificate, key) = (frameos.path("certificate.pem"), frameos.path("key.pem"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let private = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], private)
        .unwrap();
    Trusted { certificate, key, acceptor: TlsAcceptor::from(Arc::new(config)) }
}

/// What a mail server of the test's heard: mails as they came, and that somebody gave up.
enum Heard {
    Mail(String),
    TlsFailed,
    InTheClear(String),
}

/// A mail server that takes mail over TLS only: from the first byte, or from STARTTLS on.
async fn mail_server(acceptor: TlsAcceptor, implicit: bool) -> (u16, mpsc::UnboundedReceiver<Heard>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, hears) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (acceptor, heard) = (acceptor.clone(), heard.clone());
            tokio::spawn(async move {
                if !implicit && !talk(&mut stream, &heard).await {
                    return;
                }
                match acceptor.accept(stream).await {
                    Ok(mut stream) => drop(talk_on(&mut stream, &heard, implicit).await),
                    Err(_) => drop(heard.send(Heard::TlsFailed)),
                }
            });
        }
    });
    (port, hears)
}

async fn talk_on<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    heard: &mpsc::UnboundedSender<Heard>,
    greets: bool,
) -> Option<()> {
    if greets {
        stream.write_all(b"220 test\r\n").await.ok()?;
    }
    loop {
        let line = line(stream).await?;
        let answer = match line.split([' ', ':']).next().unwrap() {
            "EHLO" => "250 test",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                loop {
                    match self::line(stream).await?.as_str() {
                        "." => break,
                        line => mail.push_str(&format!("{line}\n")),
                    }
                }
                heard.send(Heard::Mail(mail)).ok()?;
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

/// Until STARTTLS; false when the client left before.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    heard: &mpsc::UnboundedSender<Heard>,
) -> bool {
    let asked = async {
        stream.write_all(b"220 test\r\n").await.ok()?;
        loop {
            let line = line(stream).await?;
            match line.split([' ', ':']).next().unwrap() {
                "EHLO" => stream.write_all(b"250-test\r\n250 STARTTLS\r\n").await.ok()?,
                "STARTTLS" => return stream.write_all(b"220 go\r\n").await.ok(),
                "QUIT" => return None,
                _ => {
                    heard.send(Heard::InTheClear(line)).ok()?;
                    return None;
                }
            }
        }
    };
    asked.await.is_some()
}

/// A line, byte by byte: what comes behind it may be TLS.
async fn line(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await.ok()? {
            b'\n' => return String::from_utf8(line).ok(),
            b'\r' => {}
            byte => line.push(byte),
        }
    }
}

/// Registers somebody with an installation that mails to `url`, and says what the mail server heard first.
fn mailed(runtime: &Runtime, implicit: bool, is_trusted: bool) -> Heard {
    let frameos = Frameos::new();
    let Trusted { certificate, acceptor, .. } = trusted(&frameos);
    let (port, mut hears) = runtime.block_on(mail_server(acceptor, implicit));
    let url = if implicit {
        format!("smtps://localhost:{port}")
    } else {
        format!("smtp://localhost:{port}?tls=required")
    };
    let stranger = Frameos::new();
    let known = if is_trusted { certificate } else { trusted(&stranger).certificate };
    let variables = [("FRAMEOS_MAIL__URL", url), ("SSL_CERT_FILE", known.to_str().unwrap().to_owned())];
    let server = Server::start_as(&frameos, &["--seed", "none"], &variables);
    let body = json!({"email": "kim@example.com", "name": "Kim", "password": "correct horse battery 7"});
    let request = reqwest::Client::new().post(format!("{}/users/register", server.url)).json(&body);
    let status = runtime.block_on(request.send()).unwrap().status();
    assert_eq!(status, 201);
    let heard = runtime.block_on(async { tokio::time::timeout(PATIENCE, hears.recv()).await });
    match heard.expect("the mail server hears something").unwrap() {
        Heard::InTheClear(line) => panic!("`{line}` came in the clear"),
        heard => heard,
    }
}

#[test]
fn mail_goes_over_tls_to_a_server_that_is_trusted_and_to_no_other() {
    let runtime = Runtime::new().unwrap();
    for implicit in [true, false] {
        let Heard::Mail(mail) = mailed(&runtime, implicit, true) else {
            panic!("no mail came, implicit: {implicit}")
        };
        assert!(mail.contains("To: kim@example.com") && mail.contains("Verify your e-mail"), "{mail}");
        assert!(matches!(mailed(&runtime, implicit, false), Heard::TlsFailed), "implicit: {implicit}");
    }
}

#[test]
fn a_gateway_with_a_certificate_is_reached_over_https_only() {
    let frameos = Frameos::new();
    let Trusted { certificate, key, .. } = trusted(&frameos);
    let [certificate, key] = [certificate, key].map(|path| path.to_str().unwrap().to_owned());
    let api_key = "of-the-platform-only";
    let mut gateway = frameos.command(["gateway", "--listen", "127.0.0.1:0", "--data-dir"]);
    gateway.arg(frameos.path("gateway")).env("FRAMEOS_GATEWAY__API_KEY", api_key);
    let half = {
        let mut half = frameos.command(["gateway", "--listen", "127.0.0.1:0", "--data-dir", "half"]);
        half.env("FRAMEOS_GATEWAY__API_KEY", api_key).env("FRAMEOS_GATEWAY__TLS__CERT", &certificate);
        finish(half, "")
    };
    half.expect(1).complains("gateway.tls.key");
    gateway.env("FRAMEOS_GATEWAY__TLS__CERT", &certificate).env("FRAMEOS_GATEWAY__TLS__KEY", &key);
    let gateway = Server::listening(gateway);
    assert!(gateway.url.starts_with("https://127.0.0.1:"), "{}", gateway.url);
    let look = |url: &str, known: &str| {
        let mut command = frameos.command(["doctor", "--json"]);
        command.env("FRAMEOS_GATEWAY__URL", url).env("FRAMEOS_GATEWAY__API_KEY", api_key);
        command.env("SSL_CERT_FILE", known).env("FRAMEOS_ROLES", "api");
        let seen = finish(command, "").json();
        let found = seen["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == "gateway");
        found.unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(look(&gateway.url, &certificate), "ok");
    assert_eq!(look(&gateway.url.replace("https://", "http://"), &certificate), "fail");
    let other = Frameos::new();
    let other_certificate = trusted(&other).certificate;
    assert_eq!(look(&gateway.url, other_certificate.to_str().unwrap()), "fail");
    assert!(gateway.stop().success());
}
