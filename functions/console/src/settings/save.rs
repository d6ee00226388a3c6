//! Saving settings, never over somebody else's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::settings::Settings;
use common::store::tenants::TenantRecord;
use common::telemetry::Line;
use sha2::{Digest, Sha256};

use crate::refusal::Trouble;
use crate::{Console, FUNCTION};

/// How often saving is tried while other parts of the record are written.
const TRIES: usize = 4;

/// What came of it.
pub(crate) enum Saved {
    /// They are saved.
    Done(TenantRecord),
    /// The settings are no longer those that were changed.
    Changed(TenantRecord),
}

/// A short text that differs when settings do.
pub(crate) fn version(settings: &Settings) -> String {
    let text = serde_json::to_vec(settings).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(Sha256::digest(text).get(..12).unwrap_or_default())
}

/// Saves settings that were made of those of this version.
pub(crate) async fn save(
    console: &Console,
    record: &TenantRecord,
    made_of: &str,
    settings: &Settings,
) -> Result<Saved, Trouble> {
    let mut record = record.clone();
    for _ in 0..TRIES {
        if version(&record.settings) != made_of {
            return Ok(Saved::Changed(record));
        }
        let changed = TenantRecord { settings: settings.clone(), ..record.clone() };
        if console.store.tenants.put(&changed).await? {
            Line::new(FUNCTION, "settings.changed").with("tenant", record.id.as_str()).emit();
            return Ok(Saved::Done(changed));
        }
        record = console.record(&record.id).await?.ok_or(Trouble::Gone)?;
    }
    Err(Trouble::Contended)
}
