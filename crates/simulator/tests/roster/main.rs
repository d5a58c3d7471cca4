//! Rosters, read back and judged apart from the code that wrote them.

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod read;
#[cfg(test)]
mod rosters;
