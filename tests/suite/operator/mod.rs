//! The operator's command line against a running stack.

mod cloud;
mod connections;
mod doctor;
mod events;
mod help;
mod keys;
mod pages;
mod region;
mod restore;
mod tables;
mod tenants;
mod trigger;
mod usage;

use std::ffi::OsString;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use common::clock::{SharedClock, SystemClock};
use common::seal::SecretSource;
use operator::Io;
use serde_json::Value;

use crate::harness::World;

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: u8,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The JSON of a command that was done.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// That it failed with one line that says this.
    #[track_caller]
    pub fn fails_saying(&self, words: &str) {
        assert_eq!(self.code, 1, "{self:?}");
        let errors: Vec<&str> = self.err.lines().filter(|line| line.starts_with("error: ")).collect();
        assert!(matches!(errors[..], [line] if line.contains(words)), "{words:?} in {self:?}");
    }
}

/// How the operator sits before the stack.
pub struct Desk<'a> {
    world: &'a World,
    /// Base URL of DynamoDB.
    pub endpoint: String,
    pub tables: String,
    pub key_ring: PathBuf,
    pub machine_clock: SharedClock,
    pub env: Vec<(&'static str, String)>,
    pub input: &'static str,
}

impl<'a> Desk<'a> {
    pub fn at(world: &'a World) -> Self {
        let SecretSource::File(key_ring) = world.stack.key_ring.clone() else { panic!("a file") };
        let haravan = &world.stack.addresses.haravan_url;
        Self {
            world,
            endpoint: world.stack.addresses.dynamodb_url.clone(),
            tables: String::new(),
            key_ring,
            machine_clock: Arc::new(SystemClock),
            env: vec![("HARAVAN_WEBHOOK_URL", haravan.clone())],
            input: "",
        }
    }

    pub async fn run(&self, args: &[&str]) -> Said {
        let key_ring = self.key_ring.to_str().unwrap();
        let before = [
            "haravan-connect",
            "--endpoint",
            &self.endpoint,
            "--tables",
            &self.tables,
            "--key-ring-file",
            key_ring,
        ];
        let args: Vec<OsString> = before.iter().chain(args).map(OsString::from).collect();
        let (mut input, mut out, mut err) = (Cursor::new(self.input), Vec::new(), Vec::new());
        let env =
            |name: &str| self.env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let mut io = Io {
            input: &mut input,
            out: &mut out,
            err: &mut err,
            env: &env,
            clock: self.world.clock.clone(),
            machine_clock: self.machine_clock.clone(),
            terminal: false,
            echo: &|_| {},
        };
        let code = Box::pin(operator::run(args, &mut io)).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code, out: text(out), err: text(err) }
    }
}

impl World {
    /// Runs one command.
    pub async fn operate(&self, args: &[&str]) -> Said {
        Desk::at(self).run(args).await
    }
}
