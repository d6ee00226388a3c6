//! Files that commands export to: one line of JSON per record.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// Makes a file that only its owner may read, and that was not there.
pub(crate) fn new_file(path: &Path) -> Result<BufWriter<File>> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map(BufWriter::new).with_context(|| format!("the file {} cannot be made", path.display()))
}

/// Writes one record with its kind.
pub(crate) fn write_line(file: &mut impl Write, kind: &str, mut value: Value) -> Result<()> {
    if let Value::Object(fields) = &mut value {
        fields.insert("kind".to_owned(), kind.into());
    }
    Ok(writeln!(file, "{}", serde_json::to_string(&value)?)?)
}
