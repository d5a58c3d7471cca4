//! Which rows get which faults and quirks.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::kinds::Field;
use super::{COMPLETE_FROM, Fault, Format, Quirk, RosterSpec};

/// Rows at the top without anything planted on purpose, so that a duplicate has something to repeat.
const QUIET: u64 = 50;

/// What a row gets.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Choice {
    pub fault: Option<Fault>,
    pub also: Option<Fault>,
    pub quirks: Vec<Quirk>,
}

/// Kinds with the running sums of their rates.
type Wheel<T> = Vec<(f64, T)>;

pub(super) struct Plan {
    on_purpose: BTreeMap<u64, Choice>,
    faults: Wheel<Fault>,
    quirks: [Wheel<Quirk>; 3],
    hidden: Vec<Fault>,
}

impl Plan {
    pub(super) fn new(spec: &RosterSpec, rng: &mut StdRng) -> Self {
        let rate = |fault: &Fault| spec.rates.fault(*fault);
        let faults: Vec<Fault> = Fault::ALL
            .iter()
            .copied()
            .filter(|fault| rate(fault) > 0.0 && allows_fault(spec, *fault))
            .collect();
        let quirks: Vec<Quirk> = (Quirk::ALL.iter().copied())
            .filter(|quirk| spec.rates.quirk(*quirk) > 0.0 && allows_quirk(spec, *quirk))
            .collect();
        let quirks_of = |field| {
            let here = quirks.iter().copied().filter(|quirk| quirk.field() == field);
            wheel(here, |quirk| spec.rates.quirk(quirk))
        };
        let hides = [Fault::IdCheckDigit, Fault::MobileMalformed, Fault::UnionUnknown];
        Self {
            on_purpose: on_purpose(spec.rows, &faults, &quirks, rng),
            hidden: hides.into_iter().filter(|fault| faults.contains(fault)).collect(),
            quirks: [quirks_of(Field::Name), quirks_of(Field::Id), quirks_of(Field::Mobile)],
            faults: wheel(faults.iter().copied(), |fault| spec.rates.fault(fault)),
        }
    }

    /// What the row gets: on purpose, or by chance.
    pub(super) fn draw(&mut self, row_no: u64, rng: &mut StdRng) -> Choice {
        if let Some(choice) = self.on_purpose.remove(&row_no) {
            return choice;
        }
        let fault = turn(&self.faults, rng);
        let also = fault.and_then(|first| self.hidden_behind(first, rng));
        let at_fault = |field| fault.into_iter().chain(also).any(|fault| fault.field() == field);
        let quirks = self.quirks.iter().filter_map(|wheel| turn(wheel, rng));
        let quirks = quirks.filter(|quirk| !at_fault(quirk.field())).collect();
        Choice { fault, also, quirks }
    }

    /// One row in ten with a fault has another in a column that is judged later.
    fn hidden_behind(&self, first: Fault, rng: &mut StdRng) -> Option<Fault> {
        let later = self.hidden.iter().filter(|fault| fault.field() > first.field());
        later.copied().find(|_| rng.random_bool(0.05))
    }
}

fn allows_fault(spec: &RosterSpec, fault: Fault) -> bool {
    match fault {
        Fault::IdScientific | Fault::IdRounded => spec.format != Format::Xlsx,
        Fault::IdNumber => spec.format == Format::Xlsx,
        Fault::UnionForeign => !spec.scope.foreign_unions.is_empty(),
        // Whoever cannot be written without a column for the kind of document is left out later.
        Fault::Elsewhere => !spec.scope.elsewhere.is_empty(),
        _ => true,
    }
}

fn allows_quirk(spec: &RosterSpec, quirk: Quirk) -> bool {
    match quirk {
        Quirk::MobileNumber => spec.format == Format::Xlsx,
        other => other.document().is_none() || spec.header.has_id_type(),
    }
}

fn wheel<T: Copy>(kinds: impl Iterator<Item = T>, rate: impl Fn(T) -> f64) -> Wheel<T> {
    let running = |sum: &mut f64, kind| {
        *sum += rate(kind);
        Some((*sum, kind))
    };
    kinds.scan(0.0, running).collect()
}

fn turn<T: Copy>(wheel: &Wheel<T>, rng: &mut StdRng) -> Option<T> {
    let point: f64 = rng.random();
    wheel.iter().find(|(sum, _)| point < *sum).map(|(_, kind)| *kind)
}

/// One row for each kind, spread over the file.
fn on_purpose(rows: u64, faults: &[Fault], quirks: &[Quirk], rng: &mut StdRng) -> BTreeMap<u64, Choice> {
    if rows < COMPLETE_FROM {
        return BTreeMap::new();
    }
    let faults = faults.iter().map(|fault| Choice { fault: Some(*fault), ..Choice::default() });
    let quirks = quirks.iter().map(|quirk| Choice { quirks: vec![*quirk], ..Choice::default() });
    let choices: Vec<Choice> = faults.chain(quirks).collect();
    let count = u64::try_from(choices.len()).unwrap_or(u64::MAX).max(1);
    let stride = (rows - QUIET) / count;
    let starts = (0..count).map(|at| QUIET + 1 + at * stride);
    starts.zip(choices).map(|(start, choice)| (start + rng.random_range(0..stride), choice)).collect()
}
