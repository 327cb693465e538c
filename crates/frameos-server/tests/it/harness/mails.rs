//! What the server mailed, which with its default is files in the data directory.

use std::time::Duration;

use super::TestApp;

impl TestApp {
    /// The mails to an address so far, oldest first.
    pub fn mails(&self, to: &str) -> Vec<String> {
        let folder = std::fs::read_dir(self.data_dir().join("mail")).unwrap();
        let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort();
        let texts = paths.iter().filter_map(|path| std::fs::read_to_string(path).ok());
        texts.filter(|text| text.contains(&format!("To: {to}\r\n"))).collect()
    }

    /// The latest mail to an address with this in its subject; the queue is given the time to send it.
    pub async fn mail(&self, to: &str, subject: &str) -> String {
        for _ in 0..600 {
            let mut mails = self.mails(to);
            mails.retain(|text| {
                text.lines().any(|line| line.starts_with("Subject: ") && line.contains(subject))
            });
            if let Some(mail) = mails.pop() {
                return mail;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail `{subject}` to {to} after half a minute");
    }
}

/// The token in a mail: its last word.
pub fn token_in(mail: &str) -> String {
    mail.split_whitespace().last().unwrap().to_owned()
}
