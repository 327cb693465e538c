//! Has the web UI embedded anew when it was built anew: the macro that embeds it does not see new files.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
