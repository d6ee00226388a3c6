//! Names, keys, attributes and indexes of the tables: the one place for them.
//!
//! The inbox's attributes have one- and two-letter names, because every byte counts towards the kilobyte that costs a
//! write unit and an event is written three times in its life.

/// A table as it must be deployed; `infra/tables.yaml` and the local runner are held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Logical name.
    pub name: &'static str,
    /// Partition key (text).
    pub partition_key: &'static str,
    /// Sort key (text).
    pub sort_key: Option<&'static str>,
    /// Sparse index: name, partition key (text), sort key (number). Keys only.
    pub index: Option<(&'static str, &'static str, &'static str)>,
    /// Whether its stream (new image) is on.
    pub stream: bool,
    /// The attribute holding an expiry in unix seconds.
    pub ttl: Option<&'static str>,
}

/// All four.
pub const TABLES: [Table; 4] = [
    Table {
        name: "tenants",
        partition_key: tenants::KEY,
        sort_key: None,
        index: None,
        stream: false,
        ttl: None,
    },
    Table {
        name: "connections",
        partition_key: connections::KEY,
        sort_key: Some(connections::SORT),
        index: Some((connections::WATCH_INDEX, connections::WATCH, connections::DUE)),
        stream: false,
        ttl: Some(connections::EXPIRY),
    },
    Table {
        name: "inbox",
        partition_key: inbox::KEY,
        sort_key: Some(inbox::DIGEST),
        index: Some((inbox::WATCH_INDEX, inbox::WATCH, inbox::DUE)),
        stream: true,
        ttl: Some(inbox::EXPIRY),
    },
    Table {
        name: "dedup",
        partition_key: dedup::KEY,
        sort_key: None,
        index: None,
        stream: false,
        ttl: Some(dedup::EXPIRY),
    },
];

/// Attributes of the tenants table.
pub mod tenants {
    /// Tenant id.
    pub const KEY: &str = "tenant_id";
    /// Base URL of the CRM.
    pub const CRM_URL: &str = "crm_url";
    /// Sealed CRM API key.
    pub const CRM_KEY: &str = "crm_key";
    /// Sealed Haravan client secret.
    pub const SECRET: &str = "haravan_secret";
    /// Sealed Haravan client secret before the last change.
    pub const PREVIOUS_SECRET: &str = "haravan_secret_previous";
    /// Sealed verify token of the webhook challenge.
    pub const VERIFY_TOKEN: &str = "haravan_verify_token";
    /// Until when the previous client secret is accepted, unix milliseconds.
    pub const PREVIOUS_UNTIL: &str = "haravan_secret_previous_until";
    /// Haravan client id (App Id), not a secret.
    pub const CLIENT_ID: &str = "haravan_client_id";
    /// Base URL under which browsers and Haravan reach the functions.
    pub const PUBLIC_URL: &str = "public_url";
    /// SHA-256 of the tenant's API key, bytes.
    pub const API_KEY_HASH: &str = "api_key_hash";
    /// `paid` or `trial`.
    pub const PLAN: &str = "plan";
    /// When the trial ends, unix milliseconds.
    pub const TRIAL_ENDS: &str = "trial_ends_at";
    /// Pages bought on top of the plan's, for each admin account.
    pub const EXTRA_PAGES: &str = "extra_pages";
    /// Since when nothing is written to the CRM, by the operator's word; unix milliseconds.
    pub const SUSPENDED: &str = "suspended_at";
    /// Settings, a map.
    pub const SETTINGS: &str = "settings";
    /// Counts the writes of the record: a change is made to the record that was read, or not at all.
    pub const REVISION: &str = "revision";
}

/// Attributes of the connections table.
pub mod connections {
    /// Tenant id; of claims, orphans and short-lived items, a key of their own with a `#` in it, which no tenant id has.
    pub const KEY: &str = "tenant_id";
    /// `haravan#{org}`, `facebook#{page}` or `zalo#{oa}`.
    pub const SORT: &str = "connection_id";
    /// `connected`, `needs_reconnect` or `disconnected`.
    pub const STATUS: &str = "status";
    /// Why it is not connected, a code.
    pub const REASON: &str = "reason";
    /// Counts connects and disconnects.
    pub const GENERATION: &str = "generation";
    /// The shop's domain.
    pub const SHOP_DOMAIN: &str = "shop_domain";
    /// The shop's name.
    pub const SHOP_NAME: &str = "shop_name";
    /// Sealed Admin REST token.
    pub const ACCESS_TOKEN: &str = "access_token";
    /// Sealed refresh token.
    pub const REFRESH_TOKEN: &str = "refresh_token";
    /// Counts the token pairs of this shop; sealed tokens are written together with it.
    pub const TOKEN_VERSION: &str = "token_version";
    /// When the access token ends, unix milliseconds.
    pub const TOKEN_EXPIRY: &str = "token_expires_at";
    /// Who refreshes the tokens: a random token.
    pub const LEASE_OWNER: &str = "lease_owner";
    /// Until when, unix milliseconds.
    pub const LEASE_UNTIL: &str = "lease_until";
    /// The refresh token of this token version was sent to the provider, unix milliseconds.
    pub const REFRESH_STARTED: &str = "refresh_started_at";
    /// When the present token pair replaced another, unix milliseconds; absent for the pair of the connect.
    pub const TOKEN_ROTATED_AT: &str = "token_rotated_at";
    /// Granted scopes, a list.
    pub const SCOPES: &str = "scopes";
    /// Who connected it, a map.
    pub const CONNECTED_BY: &str = "connected_by";
    /// When it was connected, unix milliseconds.
    pub const CONNECTED_AT: &str = "connected_at";
    /// When it ended, unix milliseconds.
    pub const ENDED_AT: &str = "ended_at";
    /// Topics the provider said it sends, a list; absent when never asked.
    pub const TOPICS: &str = "topics";
    /// When the provider was asked, unix milliseconds.
    pub const TOPICS_AT: &str = "topics_checked_at";
    /// When something hinted at the app being gone, unix milliseconds.
    pub const SUSPECTED_AT: &str = "suspected_at";
    /// Watch list of what upkeep looks at: `check#{shard}`.
    pub const WATCH: &str = "q";
    /// When upkeep looks at it, unix milliseconds.
    pub const DUE: &str = "w";
    /// The sparse index of what upkeep looks at.
    pub const WATCH_INDEX: &str = "watch";
    /// Reconciliation of orders: up to when everything was read, unix milliseconds.
    pub const ORDERS_UNTIL: &str = "orders_until";
    /// … when the round under way began, unix milliseconds.
    pub const ORDERS_ROUND: &str = "orders_round";
    /// … the id up to which the round under way has read.
    pub const ORDERS_SINCE: &str = "orders_since";
    /// Reconciliation of customers: up to when everything was read, unix milliseconds.
    pub const CUSTOMERS_UNTIL: &str = "customers_until";
    /// … when the round under way began, unix milliseconds.
    pub const CUSTOMERS_ROUND: &str = "customers_round";
    /// … the id up to which the round under way has read.
    pub const CUSTOMERS_SINCE: &str = "customers_since";
    /// A page's name.
    pub const PAGE_NAME: &str = "page_name";
    /// Address of a page's picture.
    pub const PAGE_PICTURE: &str = "page_picture";
    /// A page's category, in the provider's words.
    pub const PAGE_KIND: &str = "page_kind";
    /// The admin account whose slot a page takes.
    pub const ACCOUNT: &str = "account";
    /// The person at the provider who gave the right to a page, a map.
    pub const GRANTED_BY: &str = "granted_by";
    /// Who ended it, a map.
    pub const ENDED_BY: &str = "ended_by";
    /// The id of an end, as the admin has it.
    pub const RECEIPT: &str = "receipt";
    /// What is not as it should be, a list of codes.
    pub const WARNINGS: &str = "warnings";
    /// Connects and ends of a page, a list of `{unix ms}:{word}:{who}`.
    pub const HISTORY: &str = "history";
    /// How many slots an admin account uses; on `slots#{account}`.
    pub const USED: &str = "slots_used";
    /// The tenant that an organisation or page belongs to; on claim items.
    pub const OWNER: &str = "owner";
    /// What a short-lived item holds, a map.
    pub const DATA: &str = "data";
    /// Expiry of short-lived items, unix seconds.
    pub const EXPIRY: &str = "expires_at";
}

/// Attributes of an import item, `import#{org}`, in the connections table; `status`, `reason` and the watch attributes
/// are those of [`connections`].
pub mod imports {
    /// Which import: a random token, so that a late worker of an earlier one changes nothing.
    pub const RUN: &str = "run";
    /// Start of the period, unix milliseconds.
    pub const FROM: &str = "from_at";
    /// End of the period, unix milliseconds.
    pub const TO: &str = "to_at";
    /// Whether orders are imported.
    pub const ORDERS: &str = "orders";
    /// Whether customers are imported.
    pub const CUSTOMERS: &str = "customers";
    /// What is being read: `order` or `customer`.
    pub const STAGE: &str = "stage";
    /// The id up to which it has been read.
    pub const SINCE: &str = "since_id";
    /// How many there are in all, about.
    pub const TOTAL: &str = "total";
    /// How many were looked at.
    pub const SEEN: &str = "seen";
    /// How many became events.
    pub const STORED: &str = "stored";
    /// How many were known before.
    pub const SKIPPED: &str = "skipped";
    /// Who started it, a map.
    pub const STARTED_BY: &str = "started_by";
    /// When, unix milliseconds.
    pub const STARTED_AT: &str = "started_at";
    /// When it ended, unix milliseconds.
    pub const ENDED_AT: &str = "finished_at";
}

/// Attributes of the inbox table.
pub mod inbox {
    /// `{tenant}#{entity}#{id}`, the entity being `order`, `customer`, or the provider of a page.
    pub const KEY: &str = "k";
    /// Digest of topic and body.
    pub const DIGEST: &str = "d";
    /// Topic; the stream filters match its prefix.
    pub const TOPIC: &str = "tp";
    /// Organisation id, a number.
    pub const ORG: &str = "o";
    /// Compressed body, bytes.
    pub const BODY: &str = "b";
    /// How many more items hold the rest of a body that does not fit into one.
    pub const PARTS: &str = "bn";
    /// The entity's version: `updated_at` in unix microseconds; of a page's event, when it happened.
    pub const VERSION: &str = "v";
    /// Received at, unix milliseconds.
    pub const RECEIVED: &str = "r";
    /// Status, a word; the stream filters match it.
    pub const STATUS: &str = "s";
    /// Attempts so far; absent is none.
    pub const ATTEMPTS: &str = "n";
    /// Claim token of the worker that has it.
    pub const CLAIM: &str = "c";
    /// End of the claim's lease, unix milliseconds.
    pub const LEASE: &str = "l";
    /// List the item is on: `open#{shard}`, which upkeep reads, or `parked#{tenant}`, `done#{tenant}` or `pages#{tenant}`,
    /// which people do.
    pub const WATCH: &str = "q";
    /// On an open list: when upkeep looks at it; on the others: when it was received. Unix milliseconds.
    pub const DUE: &str = "w";
    /// Reason code of the last outcome.
    pub const REASON: &str = "e";
    /// The reason's detail, for the admin's eyes.
    pub const DETAIL: &str = "ed";
    /// What became of it in the CRM: the CRM's code.
    pub const CRM_CODE: &str = "cc";
    /// Warnings, a list of codes.
    pub const WARNINGS: &str = "wn";
    /// What happened to it so far, a list of `{unix ms}:{how it ended}` or `{unix ms}:{how it ended}:{reason code}`.
    pub const HISTORY: &str = "h";
    /// Trace of the delivery that brought it, 16 bytes.
    pub const TRACE: &str = "t";
    /// Calls made to the CRM for it, all tries together; absent is none.
    pub const CRM_CALLS: &str = "cn";
    /// Expiry, unix seconds.
    pub const EXPIRY: &str = "x";
    /// The index of the lists.
    pub const WATCH_INDEX: &str = "watch";
}

/// Attributes of the dedup table.
pub mod dedup {
    /// `{tenant}#{kind}#{value}`.
    pub const KEY: &str = "k";
    /// The CRM's code of what the identity became.
    pub const CODE: &str = "cc";
    /// Highest version decided on, unix microseconds.
    pub const VERSION: &str = "v";
    /// Claim token.
    pub const CLAIM: &str = "c";
    /// End of the claim's lease, unix milliseconds.
    pub const LEASE: &str = "l";
    /// Next free write slot of a tenant's CRM, unix milliseconds.
    pub const NEXT_SLOT: &str = "ns";
    /// Failures in a row of a tenant's CRM.
    pub const FAILURES: &str = "f";
    /// The breaker is open until, unix milliseconds.
    pub const OPEN_UNTIL: &str = "ou";
    /// Expiry, unix seconds.
    pub const EXPIRY: &str = "x";
}
