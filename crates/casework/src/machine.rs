//! A state machine as data, and what must be true of every one (the invariants at the end of `state-machines.md`): whatever
//! is not over has an owner and either a clock that runs or a named reason why none does; whatever can happen leads somewhere;
//! every end can be reached. A service writes its table once, judges its steps by it and has it checked in a test.

use std::collections::BTreeSet;
use std::fmt::Debug;

/// Who has to act in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The member it is about.
    Member,
    /// The lawyer it is given to.
    Lawyer,
    /// A union's cadres.
    Union,
    /// An enterprise that recruits.
    Recruiter,
    /// The platform itself.
    Platform,
}

/// What keeps a state from lasting for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deadline {
    /// The clock of this name runs.
    Runs(&'static str),
    /// The clock of this name stands still; this other one runs meanwhile.
    Stops(&'static str, &'static str),
    /// It is over.
    Over,
}

/// What holds in a state.
#[derive(Debug, Clone, Copy)]
pub struct Rule<S> {
    /// The state.
    pub state: S,
    /// Who has to act; nobody where it is over.
    pub owner: Option<Owner>,
    /// What keeps it from lasting for ever.
    pub deadline: Deadline,
}

/// A change of state.
#[derive(Debug, Clone, Copy)]
pub struct Step<S, A> {
    /// From where.
    pub from: S,
    /// By doing what.
    pub action: A,
    /// To where.
    pub to: S,
}

/// A table of states and steps.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'a, S, A> {
    /// Where everything begins.
    pub start: S,
    /// What holds in each state.
    pub rules: &'a [Rule<S>],
    /// Every change.
    pub steps: &'a [Step<S, A>],
}

impl<S: Copy + Eq + Debug, A: Copy + Eq + Debug> Machine<'_, S, A> {
    /// Where an action leads from a state; `None` where it is not allowed there.
    pub fn next(&self, from: S, action: A) -> Option<S> {
        self.steps.iter().find(|step| step.from == from && step.action == action).map(|step| step.to)
    }

    /// The rule of a state.
    pub fn rule(&self, state: S) -> Option<&Rule<S>> {
        self.rules.iter().find(|rule| rule.state == state)
    }

    /// Whether a state is an end.
    pub fn is_over(&self, state: S) -> bool {
        self.rule(state).is_none_or(|rule| rule.deadline == Deadline::Over)
    }

    /// Everything that is wrong with the table, as sentences; nothing where it keeps the invariants. `times_out` are the
    /// actions that a clock takes by itself.
    pub fn faults(&self, times_out: &[A]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut reached = vec![self.start];
        let mut next = 0;
        while let Some(state) = reached.as_slice().get(next).copied() {
            next += 1;
            for step in self.steps.iter().filter(|step| step.from == state) {
                if !reached.contains(&step.to) {
                    reached.push(step.to);
                }
            }
        }
        let mut seen = BTreeSet::new();
        for rule in self.rules {
            let name = format!("{:?}", rule.state);
            let mut fault = |text: &str| faults.push(format!("{name} {text}"));
            if !seen.insert(name.clone()) {
                fault("stands twice");
            }
            if !reached.contains(&rule.state) {
                fault("cannot be reached");
            }
            let onward: Vec<_> = self.steps.iter().filter(|step| step.from == rule.state).collect();
            match rule.deadline {
                Deadline::Over if rule.owner.is_some() => fault("is over and has an owner"),
                Deadline::Over if !onward.is_empty() => fault("is over and goes on"),
                Deadline::Over => {}
                _ if rule.owner.is_none() => fault("has no owner"),
                _ if onward.is_empty() => fault("is a dead end"),
                Deadline::Runs("") | Deadline::Stops(_, "") => fault("has no deadline"),
                _ if !onward.iter().any(|step| times_out.contains(&step.action)) => {
                    fault("waits for ever where nobody acts");
                }
                _ => {}
            }
        }
        for (n, step) in self.steps.iter().enumerate() {
            let text = format!("{:?} from {:?}", step.action, step.from);
            if self.rule(step.from).is_none() || self.rule(step.to).is_none() {
                faults.push(format!("{text} names a state without a rule"));
            }
            if self
                .steps
                .iter()
                .skip(n + 1)
                .any(|other| other.from == step.from && other.action == step.action)
            {
                faults.push(format!("{text} leads to two states"));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadline, Machine, Owner, Rule, Step};

    const SOUND: Machine<'static, u8, &str> = Machine {
        start: 0,
        rules: &[
            Rule { state: 0, owner: Some(Owner::Union), deadline: Deadline::Runs("decide") },
            Rule { state: 1, owner: None, deadline: Deadline::Over },
        ],
        steps: &[Step { from: 0, action: "decide", to: 1 }, Step { from: 0, action: "lapse", to: 1 }],
    };

    #[test]
    fn a_sound_table_has_no_faults_and_each_fault_is_told() {
        assert!(SOUND.faults(&["lapse"]).is_empty());
        assert_eq!(SOUND.faults(&[]), ["0 waits for ever where nobody acts"]);
        let ownerless = Machine { rules: &[Rule { owner: None, ..SOUND.rules[0] }, SOUND.rules[1]], ..SOUND };
        assert_eq!(ownerless.faults(&["lapse"]), ["0 has no owner"]);
        let timeless = Machine {
            rules: &[Rule { deadline: Deadline::Runs(""), ..SOUND.rules[0] }, SOUND.rules[1]],
            ..SOUND
        };
        assert_eq!(timeless.faults(&["lapse"]), ["0 has no deadline"]);
        let dead = Machine { steps: &[], ..SOUND };
        assert_eq!(dead.faults(&["lapse"]), ["0 is a dead end", "1 cannot be reached"]);
        let split =
            Machine { steps: &[SOUND.steps[0], SOUND.steps[1], Step { to: 0, ..SOUND.steps[0] }], ..SOUND };
        assert_eq!(split.faults(&["lapse"]), ["\"decide\" from 0 leads to two states"]);
        let undead = Machine {
            steps: &[SOUND.steps[0], SOUND.steps[1], Step { from: 1, action: "x", to: 0 }],
            ..SOUND
        };
        assert_eq!(undead.faults(&["lapse"]), ["1 is over and goes on"]);
    }

    #[test]
    fn the_table_judges_steps() {
        assert_eq!((SOUND.next(0, "decide"), SOUND.next(1, "decide")), (Some(1), None));
        assert!(SOUND.is_over(1) && !SOUND.is_over(0));
    }
}
