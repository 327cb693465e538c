//! A failed step: which, what the kernel said, and on what.

use std::fmt::Display;

use frameos_sandbox::jail::JailStep;

/// Ends the jail. Reported to the parent as is.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) step: JailStep,
    pub(crate) errno: i32,
    pub(crate) detail: Option<String>,
}

/// Names the step in which a call failed.
pub(crate) trait At<T> {
    fn at(self, step: JailStep) -> Result<T, Fault>;
    fn at_with(self, step: JailStep, detail: impl Display) -> Result<T, Fault>;
}

impl<T, E: Into<std::io::Error>> At<T> for Result<T, E> {
    fn at(self, step: JailStep) -> Result<T, Fault> {
        self.map_err(|error| Fault { step, errno: errno_of(error), detail: None })
    }

    fn at_with(self, step: JailStep, detail: impl Display) -> Result<T, Fault> {
        self.map_err(|error| Fault { step, errno: errno_of(error), detail: Some(detail.to_string()) })
    }
}

impl Fault {
    /// A step that failed by its own check, not by a call.
    pub(crate) fn own(step: JailStep, detail: impl Display) -> Self {
        Self { step, errno: libc::EPROTO, detail: Some(detail.to_string()) }
    }
}

fn errno_of(error: impl Into<std::io::Error>) -> i32 {
    error.into().raw_os_error().unwrap_or(libc::EIO)
}
