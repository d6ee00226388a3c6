//! The fault switches (haravan.md §8): what can go wrong with deliveries, bodies and answers, each for the next
//! so many times or until it is cleared.

use serde::{Deserialize, Serialize};

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// the same delivery is sent twice
    DuplicateDelivery,
    /// `orders/updated` and `orders/paid` are sent before `orders/create`; counts once per control call
    SwappedOrder,
    /// held back until the app is uninstalled, and sent after `app/uninstalled`
    LateAfterUninstall,
    /// first due after so many seconds
    Late {
        /// seconds of the simulator's clock
        seconds: u64,
    },
    /// the request body arrives in two halves with a pause between (http addresses only)
    Slow {
        /// milliseconds between the halves
        millis: u64,
    },
    /// never sent, with this chance
    Dropped {
        /// 0 to 100
        percent: u8,
    },
    /// a signature of the right length that fits nothing
    BadHmac,
    /// signed with another secret
    HmacOverOtherKey,
    /// no `X-Haravan-Topic`
    MissingTopic,
    /// no `X-Haravan-Org-Id`
    MissingOrg,
    /// header names in lower case
    LowerCaseHeaders,
    /// header names like `x-HARAVAN-tOPIC` (http addresses only)
    MixedCaseHeaders,
    /// a topic nobody knows
    UnknownTopic,
    /// empty body with `X-Haravan-Test: True`
    TestPing,
    /// body inside `{"order":…}` or `{"customer":…}`
    WrappedEntity,
    /// body inside `{"data":…}`
    WrappedData,
    /// body inside `{"data":{"order":…}}`
    WrappedDataEntity,
    /// `customer: null` on an order
    CustomerNull,
    /// `financial_status: partiallypaid`
    PartiallyPaid,
    /// amounts and ids as strings
    StringNumbers,
    /// times with seven fractional digits, amounts with seven decimals
    SevenDigitFractions,
    /// the buyer's e-mail is `guest@haravan.com`
    GuestEmail,
    /// a marketplace order: masked names, no phone, no product ids
    MaskedMarketplace,
    /// the body has at least so many bytes
    HugeBody {
        /// bytes; above 1 MB to be of interest
        bytes: usize,
        /// padded with text that does not compress
        #[serde(default)]
        noise: bool,
    },
    /// the challenge of `register_webhook` carries another token than the one registered
    ChallengeWrongToken,
    /// `/api/subscribe` answers 200 with `error: true` and does nothing
    SubscribeErrorIn200,
    /// REST answers 429 with `Retry-After: 2.0`
    #[serde(rename = "rest_429")]
    Rest429,
    /// REST answers 502 with an HTML page
    #[serde(rename = "rest_502_html")]
    Rest502Html,
    /// REST answers 401 with an empty body
    #[serde(rename = "rest_401_empty")]
    Rest401Empty,
    /// between two pages of a list a row moves, so that paging by `page` repeats or misses one
    RestPageDrift,
    /// date filters compare in UTC and honour `Z` and offsets, as the documentation reads; without this switch
    /// they compare in shop time, as a live shop did (haravan.md §5.4)
    RestDatesInUtc,
}

impl Fault {
    /// Whether it changes one delivery of `topic`.
    fn concerns_delivery(&self, topic: &str) -> bool {
        match self {
            Self::CustomerNull | Self::PartiallyPaid | Self::MaskedMarketplace | Self::HugeBody { .. } => {
                topic.starts_with("orders/")
            }
            Self::GuestEmail
            | Self::WrappedEntity
            | Self::WrappedData
            | Self::WrappedDataEntity
            | Self::StringNumbers
            | Self::SevenDigitFractions => topic.starts_with("orders/") || topic.starts_with("customers/"),
            Self::LateAfterUninstall => topic != "app/uninstalled",
            Self::SwappedOrder
            | Self::ChallengeWrongToken
            | Self::SubscribeErrorIn200
            | Self::Rest429
            | Self::Rest502Html
            | Self::Rest401Empty
            | Self::RestPageDrift
            | Self::RestDatesInUtc => false,
            Self::DuplicateDelivery
            | Self::Late { .. }
            | Self::Slow { .. }
            | Self::Dropped { .. }
            | Self::BadHmac
            | Self::HmacOverOtherKey
            | Self::MissingTopic
            | Self::MissingOrg
            | Self::LowerCaseHeaders
            | Self::MixedCaseHeaders
            | Self::UnknownTopic
            | Self::TestPing => true,
        }
    }
}

/// A fault that is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// what goes wrong
    pub fault: Fault,
    /// how often still; until cleared when absent
    #[serde(default)]
    pub times: Option<u32>,
    /// only on deliveries of this topic
    #[serde(default)]
    pub topic: Option<String>,
}

impl Switch {
    /// Until cleared.
    pub fn standing(fault: Fault) -> Self {
        Self { fault, times: None, topic: None }
    }

    /// The next `times` times it applies.
    pub fn next(fault: Fault, times: u32) -> Self {
        Self { fault, times: Some(times), topic: None }
    }

    /// The same, on deliveries of `topic` alone.
    pub fn on(mut self, topic: &str) -> Self {
        self.topic = Some(topic.to_owned());
        self
    }
}

/// The faults that are switched on, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Vec<Switch>);

impl Faults {
    pub(super) fn add(&mut self, switch: Switch) {
        self.0.push(switch);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn list(&self) -> &[Switch] {
        &self.0
    }

    /// The faults of one delivery of `topic`, used up where they are counted.
    pub(super) fn take_for_delivery(&mut self, topic: &str) -> Vec<Fault> {
        self.take(|switch| {
            switch.fault.concerns_delivery(topic) && switch.topic.as_deref().is_none_or(|only| only == topic)
        })
    }

    /// Whether `fault` happens now, used up where it is counted.
    pub(super) fn take_one(&mut self, fault: &Fault) -> bool {
        !self.take(|switch| switch.fault == *fault).is_empty()
    }

    fn take(&mut self, concerned: impl Fn(&Switch) -> bool) -> Vec<Fault> {
        let mut taken = Vec::new();
        for switch in self.0.iter_mut().filter(|switch| concerned(switch)) {
            if taken.contains(&switch.fault) || switch.times == Some(0) {
                continue;
            }
            taken.push(switch.fault.clone());
            switch.times = switch.times.map(|times| times - 1);
        }
        self.0.retain(|switch| switch.times != Some(0));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_is_used_up_and_a_standing_one_stays() {
        let mut faults = Faults::default();
        faults.add(Switch::next(Fault::BadHmac, 2));
        faults.add(Switch::standing(Fault::LowerCaseHeaders));
        for expected in [2, 2, 1, 1] {
            assert_eq!(faults.take_for_delivery("orders/create").len(), expected);
        }
        assert_eq!(faults.list().len(), 1);
    }

    #[test]
    fn a_fault_of_orders_waits_for_an_order() {
        let mut faults = Faults::default();
        faults.add(Switch::next(Fault::CustomerNull, 1));
        faults.add(Switch::next(Fault::BadHmac, 1).on("orders/paid"));
        assert!(faults.take_for_delivery("customers/create").is_empty());
        assert_eq!(faults.take_for_delivery("orders/create"), [Fault::CustomerNull]);
        assert_eq!(faults.take_for_delivery("orders/paid"), [Fault::BadHmac]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn switches_have_a_json_form() {
        let text = r#"{"fault":{"late":{"seconds":3600}},"times":1,"topic":"orders/create"}"#;
        let switch: Switch = serde_json::from_str(text).unwrap();
        assert_eq!(switch, Switch::next(Fault::Late { seconds: 3600 }, 1).on("orders/create"));
        let switch: Switch = serde_json::from_str(r#"{"fault":"rest_502_html"}"#).unwrap();
        assert_eq!(switch, Switch::standing(Fault::Rest502Html));
        let huge: Switch = serde_json::from_str(r#"{"fault":{"huge_body":{"bytes":1100000}}}"#).unwrap();
        assert_eq!(huge.fault, Fault::HugeBody { bytes: 1_100_000, noise: false });
    }
}
