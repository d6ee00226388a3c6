//! One command at work: the deployment, and the person in front of it.

use anyhow::{Result, bail};
use common::id::TenantId;
use common::store::Store;
use common::store::tenants::TenantRecord;
use jiff::Timestamp;
use serde::Serialize;

use crate::Io;
use crate::deployment::Deployment;

/// How often a change is made again to a record that somebody else wrote in between.
const TRIES: usize = 4;

pub(crate) struct Session<'a, 'b> {
    pub io: &'a mut Io<'b>,
    pub json: bool,
    pub deployment: Deployment,
}

impl Session<'_, '_> {
    pub fn store(&self) -> &Store {
        &self.deployment.store
    }

    pub fn now(&self) -> Timestamp {
        self.io.clock.now()
    }

    /// Tells the outcome: as one line of JSON, or in words.
    pub fn tell(&mut self, json: &impl Serialize, words: &str) -> Result<()> {
        if self.json {
            writeln!(self.io.out, "{}", serde_json::to_string(json)?)?;
        } else {
            writeln!(self.io.out, "{}", words.trim_end())?;
        }
        Ok(self.io.out.flush()?)
    }

    /// Says something on the side.
    pub fn note(&mut self, words: &str) -> Result<()> {
        Ok(writeln!(self.io.err, "{words}")?)
    }

    /// Asks before something that cannot be undone or interrupts somebody.
    pub fn confirm(&mut self, question: &str, yes: bool) -> Result<()> {
        if yes {
            return Ok(());
        }
        if !self.io.terminal {
            bail!("{question} Nothing was done: say --yes to do it");
        }
        write!(self.io.err, "{question} Type yes to go on: ")?;
        self.io.err.flush()?;
        let mut answer = String::new();
        self.io.input.read_line(&mut answer)?;
        if answer.trim() != "yes" {
            bail!("nothing was done");
        }
        Ok(())
    }

    /// A tenant's record, which must be there.
    pub async fn tenant(&self, id: &TenantId) -> Result<TenantRecord> {
        match self.store().tenants.get(id).await? {
            Some(record) => Ok(record),
            None => bail!("there is no tenant {id}; `tenants list` names them"),
        }
    }

    /// Changes a tenant's record, again and again until nobody else wrote it in between.
    pub async fn change(
        &self,
        id: &TenantId,
        mut change: impl FnMut(&mut TenantRecord) -> Result<()>,
    ) -> Result<TenantRecord> {
        for _ in 0..TRIES {
            let mut record = self.tenant(id).await?;
            change(&mut record)?;
            if self.store().tenants.put(&record).await? {
                return Ok(record);
            }
        }
        bail!("somebody else keeps changing the tenant {id}; try again")
    }
}
