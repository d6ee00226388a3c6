//! The folder of an export.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use common::store::schema::Table;
use serde::{Deserialize, Serialize};

use super::item::{self, Item};
use crate::file::new_file;

/// What says that the folder is whole.
const SUMMARY: &str = "export.json";

/// What an export says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    /// When its first item was read.
    pub began_at: String,
    /// Items by table.
    pub tables: BTreeMap<String, usize>,
}

/// An export's folder.
pub(super) struct Folder<'a>(pub &'a Path);

impl Folder<'_> {
    /// Makes the folder, for its owner alone.
    pub fn make(&self) -> Result<()> {
        let made = std::fs::DirBuilder::new().mode(0o700).create(self.0);
        made.with_context(|| format!("the folder {} cannot be made", self.0.display()))
    }

    /// Makes the file that a table's items go to.
    pub fn file(&self, table: &Table) -> Result<BufWriter<File>> {
        let folder = self.0.join(table.name);
        Folder(&folder).make()?;
        new_file(&folder.join("items.json"))
    }

    /// Notes that the export is whole.
    pub fn finish(&self, summary: &Summary) -> Result<()> {
        let mut file = new_file(&self.0.join(SUMMARY))?;
        writeln!(file, "{}", serde_json::to_string(summary)?)?;
        file.flush()?;
        Ok(file.get_ref().sync_all()?)
    }

    /// What the export says of itself; none for one that DynamoDB made.
    pub fn summary(&self) -> Result<Option<Summary>> {
        let path = self.0.join(SUMMARY);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path);
        let text = text.with_context(|| format!("the file {} cannot be read", path.display()))?;
        serde_json::from_str(&text).map(Some).with_context(|| format!("{} is not readable", path.display()))
    }

    /// Calls `each` with every item of a table, in the order of its files.
    pub fn items(&self, table: &Table, mut each: impl FnMut(Item) -> Result<()>) -> Result<()> {
        for path in self.files(table)? {
            let file = File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            for (number, line) in (1_usize..).zip(BufReader::new(file).lines()) {
                let here = || format!("{}, line {number}", path.display());
                let line = line.with_context(here)?;
                if !line.trim().is_empty() {
                    each(item::read(&line).with_context(here)?).with_context(here)?;
                }
            }
        }
        Ok(())
    }

    /// The files of a table.
    pub fn files(&self, table: &Table) -> Result<Vec<PathBuf>> {
        let folder = self.0.join(table.name);
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("the folder {} cannot be read", folder.display()))?;
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("json") => files.push(path),
                Some("gz") => bail!("{} is packed; unpack it with `gunzip`", path.display()),
                _ => {}
            }
        }
        if files.is_empty() {
            bail!("{} holds no *.json file", folder.display());
        }
        files.sort();
        Ok(files)
    }
}
