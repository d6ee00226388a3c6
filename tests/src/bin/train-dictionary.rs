//! Trains the dictionary that webhook bodies are stored with, on invented orders and customers.
//!
//! `cargo run --release -p connect-tests --bin train-dictionary -- common/dictionaries/haravan-N.zdict N` writes the
//! dictionary with id `N` and prints what the three example bodies, which it has never seen, come to at several levels.
//! A dictionary that was deployed must stay as it is: train a new one under a new number.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use connect_tests::haravan::generate::Generator;
use connect_tests::haravan::{BodyStyle, CustomerSpec, KeySet, NumberStyle, OrderSpec};
use jiff::{SignedDuration, Timestamp};

const SIZE: usize = 64 * 1024;
const SAMPLES: u64 = 3000;

/// Where a dictionary keeps its id, after the magic number.
const ID_AT: std::ops::Range<usize> = 4..8;

const EXAMPLES: [(&str, &[u8]); 3] = [
    ("order", include_bytes!("../../fixtures/order_create.json")),
    ("paid order", include_bytes!("../../fixtures/order_create_paid.json")),
    ("customer", include_bytes!("../../fixtures/customer_create.json")),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(id)) =
        (arguments.next().map(PathBuf::from), arguments.next().and_then(|id| id.parse::<u32>().ok()))
    else {
        return fail("usage: train-dictionary FILE ID");
    };
    match train(id).and_then(|dictionary| {
        std::fs::write(&path, &dictionary)?;
        report(&dictionary)
    }) {
        Ok(text) => {
            drop(writeln!(std::io::stdout(), "{}: {text}", path.display()));
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(line: &str) -> ExitCode {
    drop(writeln!(std::io::stderr(), "error: {line}"));
    ExitCode::FAILURE
}

fn train(id: u32) -> std::io::Result<Vec<u8>> {
    let samples: Vec<Vec<u8>> = (0..SAMPLES).flat_map(|seed| bodies(seed + 1)).collect();
    let mut dictionary = zstd::dict::from_samples(&samples, SIZE)?;
    if let Some(place) = dictionary.get_mut(ID_AT) {
        place.copy_from_slice(&id.to_le_bytes());
    }
    Ok(dictionary)
}

/// One seed's order and customer, in the styles met on the wire (haravan.md §3.1, §3.13).
fn bodies(seed: u64) -> Vec<Vec<u8>> {
    let mut generator = Generator::new(seed);
    let day = i64::try_from(seed % 900).unwrap_or_default() * 86_400
        + i64::try_from(seed * 37 % 86_400).unwrap_or_default();
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_760_000_000 + day);
    let style = BodyStyle {
        numbers: if seed.is_multiple_of(2) { NumberStyle::FourDecimals } else { NumberStyle::Integers },
        keys: if seed.is_multiple_of(3) { KeySet::Rest } else { KeySet::Webhook },
        pretty: seed.is_multiple_of(4),
        ..BodyStyle::default()
    };
    let order: OrderSpec = if seed.is_multiple_of(5) { OrderSpec::paid() } else { generator.any_order() };
    let customer = CustomerSpec { style, ..CustomerSpec::default() };
    let mut bodies = vec![generator.order_text(now, &order.style(style)).into_bytes()];
    if seed.is_multiple_of(3) {
        bodies.push(generator.customer_text(now, &customer).into_bytes());
    }
    bodies
}

fn report(dictionary: &[u8]) -> std::io::Result<String> {
    let mut text = format!("{} bytes", dictionary.len());
    for level in [3, 6, 9, 12, 15, 19] {
        text.push_str(&format!("\nlevel {level:>2}:"));
        let mut compressor = zstd::bulk::Compressor::with_dictionary(level, dictionary)?;
        for (name, body) in EXAMPLES {
            let packed = compressor.compress(body)?.len();
            let begun = std::time::Instant::now();
            for _ in 0..50 {
                compressor.compress(body)?;
            }
            text.push_str(&format!(
                "  {name} {} → {packed} ({} µs)",
                body.len(),
                begun.elapsed().as_micros() / 50
            ));
        }
    }
    Ok(text)
}
