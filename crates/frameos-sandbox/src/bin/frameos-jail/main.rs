//! `frameos-jail`: puts itself and one program behind every wall this kernel has, then starts the program.
//!
//! Started once by the library, with a socket as descriptor 0, never by hand, it forks for each sandbox. Three processes
//! make one, each linear: the *outer* one stays on the host, makes the namespaces and waits; the *inner* one
//! builds the walls around itself and becomes the sandbox's init; the third becomes the program. Single-threaded
//! throughout, so that raw `clone` and per-thread calls are sound. It reads no environment and must never go on after a
//! failed step.
//!
//! With the argument `guest` it is the first process of a container instead: the engine has built the outer walls, and
//! it checks them, adds the inner ones and starts the program.
#![allow(unsafe_code)]

mod fault;
mod guest;
mod guest_pump;
mod guest_wire;
mod hand_over;
mod init;
mod inner;
mod kernel;
mod mounts;
mod nursery;
mod outer;
mod privileges;
mod walls;
mod wire;

use std::process::ExitCode;

use frameos_sandbox::jail::GUEST_ARGUMENT;

fn main() -> ExitCode {
    let guest = std::env::args_os().nth(1).is_some_and(|argument| argument == GUEST_ARGUMENT);
    match if guest { guest::run() } else { nursery::run() } {
        Ok(()) => ExitCode::SUCCESS,
        Err(()) => ExitCode::FAILURE,
    }
}
