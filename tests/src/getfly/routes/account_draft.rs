//! A customer's body, read and judged before anything is written (getfly.md §3.1, §3.5, §11).

use serde_json::{Map, Value};

use crate::getfly::call::Reader;
use crate::getfly::records::{Account, Contact};
use crate::getfly::reply::{Problems, Reply};
use crate::getfly::settings::SourceMode;
use crate::getfly::state::{RELATIONS, State, take};
use crate::getfly::text;

/// Longest name the CRM keeps, in characters (getfly.md §10).
const NAME_LIMIT: usize = 255;

/// The members of a body that were sent and understood.
#[derive(Debug, Default)]
pub(super) struct AccountDraft {
    pub(super) account_code: Option<String>,
    account_name: Option<String>,
    phone_office: Option<String>,
    email: Option<String>,
    billing_address_street: Option<String>,
    manager: Option<u64>,
    country_name: Option<String>,
    province_name: Option<String>,
    district_name: Option<String>,
    ward_name: Option<String>,
    website: Option<String>,
    description: Option<String>,
    sic_code: Option<String>,
    birthday: Option<String>,
    gender: Option<i64>,
    types: Option<Vec<u64>>,
    source_ids: Option<Vec<u64>>,
    source_names: Option<Vec<String>>,
    industry_names: Option<Vec<String>>,
    relation_id: Option<u64>,
    contacts: Option<Vec<Contact>>,
    custom_fields: Option<Map<String, Value>>,
}

impl AccountDraft {
    /// The customer an order brings along without a code.
    pub(super) fn of_snapshot(
        name: Option<String>,
        phone: Option<String>,
        email: Option<String>,
        address: Option<String>,
    ) -> Self {
        Self {
            account_name: name,
            phone_office: phone,
            email,
            billing_address_street: address,
            ..Self::default()
        }
    }
}

/// The id behind a user name; unknown and gone users are refused, or ignored by a lenient tenant.
pub(super) fn resolve_user(
    state: &State,
    reader: &mut Reader<'_, '_>,
    key: &str,
    user_name: &str,
) -> Option<u64> {
    let found = state.active_user(user_name).map(|user| user.user_id);
    if found.is_none() && !state.settings.ignore_unknown_user {
        reader.refuse(key, &format!("Người dùng {user_name} không tồn tại"));
    }
    found
}

/// Refuses the keys this tenant does not take.
pub(super) fn refuse_keys(state: &State, body: &Map<String, Value>, problems: &mut Problems) {
    for key in state.settings.refused_keys.iter().filter(|key| body.contains_key(*key)) {
        problems.add(key.as_str(), format!("{key} không hợp lệ"));
    }
}

/// Notes required fields that are absent or empty; an update may leave them out but not empty them.
pub(super) fn missing(
    state: &State,
    body: &Map<String, Value>,
    may_be_absent: bool,
    problems: &mut Problems,
) {
    let required = std::iter::once("account_name").chain(state.settings.required.iter().map(String::as_str));
    let custom = body.get("custom_fields").and_then(Value::as_object);
    for key in required {
        let value = body.get(key).or_else(|| custom.and_then(|custom| custom.get(key)));
        let empty = match value {
            None => !may_be_absent,
            Some(Value::Null) => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(Value::Array(items)) => items.is_empty(),
            Some(_) => false,
        };
        if empty {
            problems.add(key, format!("{} không được để trống", label(key)));
        }
    }
}

fn label(key: &str) -> &str {
    match key {
        "account_name" => "Tên khách hàng",
        "phone_office" => "Số điện thoại",
        "email" => "Email",
        other => other,
    }
}

/// Reads a body and notes what cannot be taken. A source clash is an answer of its own and ends the reading.
pub(super) fn read(
    state: &State,
    body: &Map<String, Value>,
    problems: &mut Problems,
) -> Result<AccountDraft, Reply> {
    let contacts = read_contacts(body, problems);
    let mut reader = Reader::new(body, problems);
    let mut draft = AccountDraft {
        account_code: reader.filled("account_code"),
        account_name: reader.text("account_name"),
        phone_office: reader.text("phone_office"),
        email: reader.text("email"),
        billing_address_street: reader.text("billing_address_street"),
        country_name: reader.text("country_name"),
        province_name: reader.text("province_name"),
        district_name: reader.text("district_name"),
        ward_name: reader.text("ward_name"),
        website: reader.text("website"),
        description: reader.text("description"),
        sic_code: reader.text("sic_code"),
        birthday: reader.date("birthday"),
        gender: reader.integer("gender"),
        source_ids: reader.ids("account_source"),
        types: reader.ids("account_type"),
        industry_names: reader.texts("industry_names"),
        relation_id: reader.id("relation_id"),
        custom_fields: reader.object("custom_fields").cloned(),
        contacts,
        ..AccountDraft::default()
    };
    if draft.account_name.as_ref().is_some_and(|name| name.chars().count() > NAME_LIMIT) {
        reader.refuse("account_name", "Tên khách hàng không được dài quá 255 ký tự");
    }
    if draft.gender.is_some_and(|gender| !(1..=2).contains(&gender)) {
        reader.refuse("gender", "Giới tính không hợp lệ");
    }
    if let Some(name) = reader.filled("account_manager_username") {
        draft.manager = resolve_user(state, &mut reader, "account_manager_username", &name);
    } else if let Some(id) = reader.id("account_manager") {
        draft.manager = state.active_user_id(id);
        if draft.manager.is_none() && !state.settings.ignore_unknown_user {
            reader.refuse("account_manager", &format!("Người dùng {id} không tồn tại"));
        }
    }
    if let Some(names) = reader.texts("account_type_names") {
        let id = |name: &String| {
            state.types.iter().find(|kind| kind.account_type_name == *name).map(|kind| kind.id)
        };
        let ids: Vec<u64> = names.iter().filter_map(id).collect();
        if ids.len() != names.len() {
            reader.refuse("account_type_names", "Loại khách hàng không tồn tại");
        }
        draft.types = Some(ids);
    }
    if let Some(name) = reader.filled("relation_name") {
        draft.relation_id = RELATIONS.iter().find(|(_, known)| *known == name).map(|(id, _)| *id);
        if draft.relation_id.is_none() {
            reader.refuse("relation_name", "Mối quan hệ không tồn tại");
        }
    }
    draft.source_names = reader.texts("account_source_names");
    let unknown = unknown_sources(state, draft.source_names.as_deref().unwrap_or_default())?;
    if let (SourceMode::Strict, Some(name)) = (state.settings.source_mode, unknown.first()) {
        reader.refuse("account_source_names", &format!("Nguồn khách hàng {name} không tồn tại"));
    }
    Ok(draft)
}

/// The names that are no source yet; a clash of slugs is answered with 400 (getfly.md §3.1).
fn unknown_sources<'a>(state: &State, names: &'a [String]) -> Result<Vec<&'a String>, Reply> {
    let clash = |code: &str| {
        Problems::one("source_code", format!("Mã nguồn {code} không cho phép trùng")).refuse_as_clash()
    };
    if let (SourceMode::Conflict, Some(name)) = (state.settings.source_mode, names.first()) {
        return Err(clash(&text::slug(name)));
    }
    let unknown: Vec<&String> = names.iter().filter(|name| state.source_named(name).is_none()).collect();
    if state.settings.source_mode == SourceMode::Create {
        for name in &unknown {
            let code = text::slug(name);
            if state.sources.iter().any(|source| source.source_code == code) {
                return Err(clash(&code));
            }
        }
    }
    Ok(unknown)
}

/// The contact people, or the one of the `last_contact_*` shorthand.
fn read_contacts(body: &Map<String, Value>, problems: &mut Problems) -> Option<Vec<Contact>> {
    let sent = Reader::new(body, problems).objects("contacts");
    if let Some(items) = sent {
        let mut contacts = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            let mut reader = Reader::inside(item, &format!("contacts.{at}"), problems);
            contacts.push(Contact {
                id: 0,
                first_name: reader.text("first_name").unwrap_or_default(),
                title: reader.text("title").unwrap_or_default(),
                phone_home: reader.text("phone_home").unwrap_or_default(),
                email: reader.text("email").unwrap_or_default(),
                birthdate: reader.date("birthdate"),
                gender_id: reader.integer("gender_id"),
                description: reader.text("description").unwrap_or_default(),
            });
        }
        return Some(contacts);
    }
    let mut reader = Reader::new(body, problems);
    let first_name = reader.filled("last_contact_name")?;
    Some(vec![Contact {
        first_name,
        title: reader.text("last_contact_title").unwrap_or_default(),
        phone_home: reader.text("last_contact_phone").unwrap_or_default(),
        email: reader.text("last_contact_email").unwrap_or_default(),
        birthdate: reader.date("last_contact_birthdate"),
        ..Contact::default()
    }])
}

/// Refuses what the tenant does not want twice: live and deleted customers count alike.
pub(super) fn check_duplicates(state: &State, draft: &AccountDraft, own: Option<u64>) -> Result<(), Reply> {
    let rules = &state.settings.duplicates;
    let others = || state.accounts.values().filter(|account| Some(account.id) != own);
    let filled = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
    let mut problems = Problems::default();
    let code_taken = |code: &&String| state.account_codes.get(*code).is_some_and(|id| Some(*id) != own);
    if let Some(code) = draft.account_code.as_ref().filter(code_taken) {
        problems.add("account_code", format!("Mã khách hàng {code} không cho phép trùng"));
    }
    let phone_taken = |phone: &String| {
        rules.phone_office.forbids() && others().any(|account| state.same_phone(&account.phone_office, phone))
    };
    if let Some(phone) = filled(&draft.phone_office).filter(phone_taken) {
        problems.add("phone_office", format!("Số điện thoại {phone} không cho phép trùng"));
    }
    let email_taken = |email: &String| {
        rules.email.forbids() && others().any(|account| state.same_email(&account.email, email))
    };
    if let Some(email) = filled(&draft.email).filter(email_taken) {
        problems.add("email", format!("Email {email} không cho phép trùng"));
    }
    problems.refuse_as_duplicate()
}

/// Lays what was sent over the customer; what was not sent stays.
pub(super) fn lay_over(state: &mut State, account: &mut Account, draft: AccountDraft) {
    fn put<T>(target: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *target = value;
        }
    }
    put(&mut account.account_name, draft.account_name);
    put(&mut account.phone_office, draft.phone_office);
    put(&mut account.email, draft.email);
    put(&mut account.billing_address_street, draft.billing_address_street);
    put(&mut account.country_name, draft.country_name);
    put(&mut account.province_name, draft.province_name);
    put(&mut account.district_name, draft.district_name);
    put(&mut account.ward_name, draft.ward_name);
    put(&mut account.website, draft.website);
    put(&mut account.description, draft.description);
    put(&mut account.sic_code, draft.sic_code);
    put(&mut account.birthday, draft.birthday.map(Some));
    put(&mut account.gender, draft.gender.map(Some));
    put(&mut account.account_manager, draft.manager);
    put(&mut account.account_type, draft.types);
    put(&mut account.industry_names, draft.industry_names);
    put(&mut account.relation_id, draft.relation_id);
    put(&mut account.account_source, draft.source_ids);
    if let Some(names) = draft.source_names {
        account.account_source = names.iter().map(|name| source_id(state, name)).collect();
    }
    if let Some(mut contacts) = draft.contacts {
        for contact in &mut contacts {
            contact.id = take(&mut state.counters.contact_id);
        }
        account.contacts = contacts;
    }
    for (key, value) in draft.custom_fields.unwrap_or_default() {
        if state.custom_fields.iter().any(|field| field.field_name == key) {
            account.custom_fields.insert(key, value);
        }
    }
    for region in [&account.country_name, &account.province_name, &account.district_name, &account.ward_name]
    {
        state.know_region(region);
    }
    account.updated_at = state.now();
}

fn source_id(state: &mut State, name: &str) -> u64 {
    match state.source_named(name).map(|source| source.id) {
        Some(id) => id,
        None => state.add_source(name),
    }
}
