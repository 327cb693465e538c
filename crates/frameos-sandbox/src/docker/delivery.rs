//! Where the guest's frames go: the program's output into pipes, the guest's own word into the control socket.

use std::sync::{Arc, OnceLock};

use bollard::container::LogOutput;
use bollard::errors::Error;
use futures::{Stream, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::{OwnedWriteHalf, pipe};
use tokio::sync::oneshot;

use super::frames::Frames;
use super::meter::Meter;
use crate::jail::{FrameKind, JailStep, Report};

/// What is said outside of frames, at most: the engine's, or a dying guest's.
const STRAY_MAX: usize = 4096;

pub(super) struct Ends {
    pub(super) stdout: pipe::Sender,
    pub(super) stderr: pipe::Sender,
    pub(super) reports: pipe::Sender,
    pub(super) control: OwnedWriteHalf,
}

pub(super) struct Delivery {
    pub(super) ends: Ends,
    pub(super) meter: Arc<Meter>,
    /// What the tier says of Landlock; `None` if it is the question.
    pub(super) expected: Option<bool>,
    pub(super) landlock: Arc<OnceLock<bool>>,
    /// Told when the program has ended and was measured.
    pub(super) ended: Option<oneshot::Sender<()>>,
    /// The guest has said how it ended.
    pub(super) over: bool,
}

impl Delivery {
    /// To the end of the output; false at once when no guest would say what comes.
    pub(super) async fn deliver(
        &mut self,
        mut output: impl Stream<Item = Result<LogOutput, Error>> + Unpin,
    ) -> bool {
        let mut frames = Frames::default();
        while let Some(Ok(piece)) = output.next().await {
            let LogOutput::StdOut { message } = piece else {
                stray(piece.as_ref());
                continue;
            };
            let mut whole = Vec::new();
            if frames.feed(&message, &mut |kind, data| whole.push((kind, data))).is_err() {
                stray(&message);
                return false;
            }
            self.meter.pass_on(message.len());
            for (kind, data) in whole {
                if !self.take(kind, &data).await {
                    return false;
                }
            }
        }
        frames.is_between()
    }

    async fn take(&mut self, kind: FrameKind, data: &[u8]) -> bool {
        // A reader that is gone does not want it.
        match kind {
            FrameKind::Stdout => drop(self.ends.stdout.write_all(data).await),
            FrameKind::Stderr => drop(self.ends.stderr.write_all(data).await),
            FrameKind::Report => drop(self.ends.reports.write_all(data).await),
            FrameKind::Walls => return self.walls(data).await,
            FrameKind::Control => return self.control(data).await,
        }
        true
    }

    /// The tier must never say more than what holds.
    async fn walls(&mut self, data: &[u8]) -> bool {
        let landlock = data == [1];
        if self.expected.is_some_and(|expected| expected != landlock) {
            let detail = Some("not as it was when the sandbox was opened".to_owned());
            self.tell(&Report::Failed { step: JailStep::Landlock, errno: libc::EPROTO, detail }).await;
            return false;
        }
        self.landlock.set(landlock).is_ok()
    }

    async fn control(&mut self, data: &[u8]) -> bool {
        let Ok(report) = serde_json::from_slice::<Report>(data) else { return false };
        // Nothing may start before its walls were told, and nothing comes after the end.
        let expected =
            !self.over && (self.landlock.get().is_some() || matches!(report, Report::Failed { .. }));
        if expected && matches!(report, Report::Exited { .. } | Report::Signaled { .. }) {
            self.over = true;
            self.meter.measure();
            // Told at once: the guest waits only a moment.
            self.ended.take().map(|ended| ended.send(()));
        }
        if expected {
            self.tell(&report).await;
        }
        expected
    }

    async fn tell(&mut self, report: &Report) {
        if let Ok(mut line) = serde_json::to_vec(report) {
            line.push(b'\n');
            let _ = self.ends.control.write_all(&line).await;
        }
    }
}

fn stray(bytes: &[u8]) {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(STRAY_MAX)]);
    tracing::warn!(text = %text.trim(), "a container said something of its own");
}
