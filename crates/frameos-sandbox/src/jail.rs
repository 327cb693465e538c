//! The contract between the library and its `frameos-jail` program: for those two only.
//!
//! Both sides come from one build; there is no compatibility between builds.

pub use crate::guest_protocol::{
    FRAME_HEADER, FRAME_MAX, FrameKind, GUEST_ACK, GUEST_ARGUMENT, GuestConfig, frame_header,
};
pub use crate::jail_protocol::{
    COMMAND_KILL, COMMAND_MOUNT, COMMAND_TERMINATE, CONFIG_MAX, INNER_ID, JailCgroup, JailConfig, ProcMasks,
    REPORT_FD, REQUEST_FD, Report,
};
pub use crate::jail_step::JailStep;
