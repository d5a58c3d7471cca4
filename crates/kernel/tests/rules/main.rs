//! The rules of the kernel against published and computed vectors, and as properties.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod vectors;
