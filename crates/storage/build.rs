//! The migrations are compiled in, which cargo does not see by itself.

#![allow(clippy::print_stdout)]

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
