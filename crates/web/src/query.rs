//! Query strings. Unknown names were refused at the gate; here the values are.

use std::ops::Deref;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use unionhall_kernel::{Code, Problem};

use crate::problem::Fault;

/// A parsed query string.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The words between the commas of a list's filter; none without.
///
/// # Errors
/// `INVALID_PARAMETER` for a word that is none.
pub fn words<'a, T: Deserialize<'a>>(parameter: &str, text: Option<&str>) -> Result<Vec<T>, Problem> {
    let words = text.unwrap_or("").split(',').map(str::trim).filter(|w| !w.is_empty());
    words
        .map(|w| {
            let word = serde::de::value::StringDeserializer::<serde::de::value::Error>::new(w.to_owned());
            T::deserialize(word)
                .map_err(|_| Problem::new(Code::InvalidParameter).with("parameter", parameter))
        })
        .collect()
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Fault;
    type Future = std::future::Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        // serde's text may repeat the value, so it goes no further; which parameter it was is lost with it.
        let parsed = serde_urlencoded::from_str(req.query_string())
            .map(Self)
            .map_err(|_| Fault(Problem::new(Code::InvalidParameter)));
        std::future::ready(parsed)
    }
}
