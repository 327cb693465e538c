//! `frameos-jail`: puts itself and one program behind every wall this kernel has, then starts the program.
//!
//! Three processes, each linear: the *outer* one stays on the host, makes the namespaces and waits; the *inner* one
//! builds the walls around itself and becomes the sandbox's init; the third becomes the program. Single-threaded
//! throughout, so that raw `clone` and per-thread calls are sound. It is started by the library with a socket as
//! descriptor 0, never by hand, and reads neither arguments nor environment. It must never go on after a failed step.
#![allow(unsafe_code)]

mod fault;
mod hand_over;
mod init;
mod inner;
mod kernel;
mod mounts;
mod outer;
mod privileges;
mod walls;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    match outer::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(()) => ExitCode::FAILURE,
    }
}
