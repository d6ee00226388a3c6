//! How large the built functions are.
//!
//! `cargo bench -p connect-tests --bench sizes` lists what `cargo build --release …` and `cargo lambda build --release --arm64 …`
//! built, each with its size under `zip -9`; a path on the command line takes their place. The budget is 2.7 MB of zip.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

mod bench;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The offset of the machine in an ELF header.
const MACHINE: usize = 18;

fn main() {
    let mut programs = bench::programs();
    if programs.is_empty() {
        let lambda =
            bench::FUNCTIONS.map(|function| bench::target().join("lambda").join(function).join("bootstrap"));
        let release = bench::FUNCTIONS.map(|function| bench::target().join("release").join(function));
        programs = lambda.into_iter().chain(release).filter(|program| program.exists()).collect();
    }
    println!("{:<24}{:<10}{:>12}{:>12}  budget of the zip", "", "machine", "program", "zip -9");
    for program in &programs {
        let bytes = std::fs::read(program).unwrap();
        let machine = match bytes[MACHINE] {
            0xb7 => "arm64",
            0x3e => "x86_64",
            _ => "?",
        };
        let name: PathBuf =
            program.components().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
        println!(
            "{:<24}{machine:<10}{:>12}{:>12}  2.70 MB",
            name.display(),
            mb(bytes.len()),
            zipped(program).map_or("no zip".to_owned(), mb)
        );
    }
}

fn mb(bytes: usize) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

/// The size of the file in a zip, unless the program `zip` is not installed.
fn zipped(program: &Path) -> Option<usize> {
    let zip = Command::new("zip").args(["-9", "--quiet", "--junk-paths", "-"]).arg(program).output().ok()?;
    zip.status.success().then_some(zip.stdout.len())
}
