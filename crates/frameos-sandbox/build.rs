//! Compiles `resources/seccomp/policy.json` into the kernel's filter program, at build time.
//!
//! Every supported architecture is compiled on every build, so that a name unknown to one of them is a build
//! error at once; only the target's program is emitted. A build for any other architecture fails: there is
//! no filter-less fall-back.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

#[path = "build/filter.rs"]
mod filter;
#[path = "build/policy.rs"]
mod policy;

use policy::{Arch, Policy};

const POLICY: &str = "resources/seccomp/policy.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={POLICY}");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    let policy = Policy::parse(&std::fs::read_to_string(POLICY)?)?;
    let target = cargo_says("CARGO_CFG_TARGET_ARCH")?;
    let mut text = None;
    for (name, arch) in Arch::ALL {
        let program = filter::compile(arch, &policy.treatments(arch)?, policy.default());
        if name == target {
            text = Some(render(&program)?);
        }
    }
    let text = text.ok_or_else(|| format!("no system call filter for {target}"))?;
    std::fs::write(Path::new(&cargo_says("OUT_DIR")?).join("seccomp_filter.rs"), text)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a build script is told things in its environment only")]
fn cargo_says(name: &str) -> Result<String, std::env::VarError> {
    std::env::var(name)
}

fn render(program: &[filter::Step]) -> Result<String, std::fmt::Error> {
    let mut text = String::from("pub(crate) static FILTER: &[libc::sock_filter] = &[\n");
    for (code, jt, jf, k) in program {
        writeln!(text, "    libc::sock_filter {{ code: {code}, jt: {jt}, jf: {jf}, k: {k} }},")?;
    }
    text.push_str("];\n");
    Ok(text)
}
