//! Links: whoever holds one reads one file for five minutes, without a token, so that an image can stand in a page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::keys::Key;
use uuid::Uuid;

/// How long a link lives.
const LIFE: Duration = Duration::minutes(5);
const SIGNATURE: usize = 16;

/// A link to a file's bytes.
#[derive(Debug, Clone)]
pub struct Link {
    /// A path of this API with its query.
    pub url: String,
    /// Until when it opens.
    pub expires_at: DateTime<Utc>,
}

/// The keys of links: the newest signs, all of them are believed.
pub struct Links(Vec<Hmac<Sha256>>);

impl Links {
    /// Over unwrapped keys, the newest last.
    pub fn new(keys: &[Key]) -> Self {
        Self(keys.iter().filter_map(|key| Hmac::new_from_slice(&key.secret).ok()).collect())
    }

    /// A link to a file. Whoever hands one out has judged that the caller may read it.
    ///
    /// # Errors
    /// Only when there is no key, which start-up refuses.
    pub fn to(&self, file: Uuid, now: DateTime<Utc>) -> Result<Link, Problem> {
        let mac = self.0.last().ok_or_else(|| Problem::internal("no key for links"))?;
        // To the second, as the link tells it.
        let seconds = (now + LIFE).timestamp();
        let mac = over(mac.clone(), file, seconds).finalize().into_bytes();
        let signature = URL_SAFE_NO_PAD.encode(mac.get(..SIGNATURE).unwrap_or_default());
        let url = format!("/v1/public/files/{file}?expires={seconds}&signature={signature}");
        let expires_at = DateTime::from_timestamp(seconds, 0).unwrap_or(now);
        Ok(Link { url, expires_at })
    }

    /// Checks a link.
    ///
    /// # Errors
    /// `NOT_FOUND` for one that was never made, `LINK_EXPIRED` for one that was.
    pub fn check(
        &self,
        file: Uuid,
        expires: i64,
        signature: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Problem> {
        let given = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let made = given.len() == SIGNATURE
            && self
                .0
                .iter()
                .any(|mac| over(mac.clone(), file, expires).verify_truncated_left(&given).is_ok());
        if !made {
            Err(Problem::not_found())
        } else if expires <= now.timestamp() {
            Err(Problem::new(Code::LinkExpired))
        } else {
            Ok(())
        }
    }
}

fn over(mac: Hmac<Sha256>, file: Uuid, expires: i64) -> Hmac<Sha256> {
    mac.chain_update(file.as_bytes()).chain_update(expires.to_be_bytes())
}
