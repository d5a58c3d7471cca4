//! Passwords: argon2id on threads of their own, with a queue that refuses rather than hang.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unionhall_kernel::{Code, IdGen, Invalid, Pii, Problem};

/// OWASP's first recommendation for argon2id with little memory: 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Longest wait for a hashing thread; past it the caller is told 503.
const PATIENCE: Duration = Duration::from_secs(2);

/// Fewest characters of a password.
pub const MIN_CHARS: usize = 10;
/// Most characters.
pub const MAX_CHARS: usize = 128;

// What guessing programs try first, lower-case; longer lists belong to operators' configuration.
const BLOCKED: &[&str] = &[
    "1234567890",
    "12345678910",
    "0123456789",
    "9876543210",
    "1111111111",
    "0000000000",
    "8888888888",
    "6666666666",
    "1qaz2wsx3edc",
    "qwertyuiop",
    "qwerty123456",
    "password123",
    "password1234",
    "password12345",
    "passw0rd123",
    "admin123456",
    "administrator",
    "abc1234567",
    "abcd123456",
    "a123456789",
    "aa123456789",
    "woaini1314",
    "woaini520",
    "5201314520",
    "1314520520",
    "iloveyou123",
    "zhonghua123",
    "gonghui123",
    "gonghui1234",
    "gonghui123456",
    "unionhall123",
    "henan123456",
];

/// Checks a new password: length and blocklist, no composition rules.
///
/// # Errors
/// `PASSWORD_LENGTH`, `PASSWORD_COMMON`.
pub fn parse_new(password: &str, username: &str) -> Result<Pii<String>, Invalid> {
    let chars = password.chars().count();
    if !(MIN_CHARS..=MAX_CHARS).contains(&chars) {
        return Err(Invalid::new("PASSWORD_LENGTH", "密码须为10至128个字符。"));
    }
    let lower = password.to_lowercase();
    let one_character = password.chars().all(|c| password.starts_with(c));
    if one_character || BLOCKED.contains(&lower.as_str()) || lower == username.to_lowercase() {
        return Err(Invalid::new("PASSWORD_COMMON", "密码过于常见，请换一个。"));
    }
    Ok(Pii::new(password.to_owned()))
}

/// Hashes and verifies, as many at a time as there are cores.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    dummy: Arc<str>,
}

fn argon2() -> Result<Argon2<'static>, Problem> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| Problem::internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str, salt: &[u8]) -> Result<String, Problem> {
    let hash = argon2()?
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|e| Problem::internal(e.to_string()))?;
    Ok(hash.to_string())
}

/// The outcome of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Wrong, or there is no such account.
    Wrong,
    /// Right.
    Right,
    /// Right, but hashed with old parameters: hash it again.
    RightButOld,
}

impl Passwords {
    /// A hasher for a machine with so many cores.
    ///
    /// # Errors
    /// `INTERNAL` when argon2 refuses its parameters.
    pub fn new(cores: usize, ids: &dyn IdGen) -> Result<Self, Problem> {
        let mut salt = [0u8; 16];
        ids.fill(&mut salt);
        let dummy = hash("nobody has this password", &salt)?.into();
        Ok(Self { permits: Arc::new(Semaphore::new(cores.max(1))), dummy })
    }

    async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<R, Problem> + Send + 'static,
    ) -> Result<R, Problem> {
        let overloaded = || Problem::new(Code::Unavailable).retry_after(2);
        let permit = tokio::time::timeout(PATIENCE, self.permits.clone().acquire_owned())
            .await
            .map_err(|_| overloaded())?
            .map_err(|_| overloaded())?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await?
    }

    /// Hashes a new password to PHC form.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the queue is too long.
    pub async fn hash(&self, password: Pii<String>, ids: &dyn IdGen) -> Result<String, Problem> {
        let mut salt = [0u8; 16];
        ids.fill(&mut salt);
        self.run(move || hash(password.expose(), &salt)).await
    }

    /// Verifies a password. Without a hash it takes as long, and is wrong.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the queue is too long.
    pub async fn verify(&self, password: Pii<String>, phc: Option<String>) -> Result<Verdict, Problem> {
        let dummy = self.dummy.clone();
        self.run(move || {
            let known = phc.is_some();
            let stored = phc.unwrap_or_else(|| dummy.as_ref().to_owned());
            let parsed = PasswordHash::new(&stored).map_err(|e| Problem::internal(e.to_string()))?;
            let right = argon2()?.verify_password(password.expose().as_bytes(), &parsed).is_ok();
            Ok(match (right && known, is_current(&parsed)) {
                (false, _) => Verdict::Wrong,
                (true, true) => Verdict::Right,
                (true, false) => Verdict::RightButOld,
            })
        })
        .await
    }
}

fn is_current(hash: &PasswordHash) -> bool {
    Params::try_from(hash).is_ok_and(|p| {
        p.m_cost() >= MEMORY_KIB && p.t_cost() >= PASSES && hash.algorithm.as_str() == "argon2id"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use unionhall_kernel::clock::RandomIds;

    #[test]
    fn common_short_and_own_names_are_refused() {
        let code = |p: &str, u: &str| parse_new(p, u).map_err(|e| e.code).err();
        assert_eq!(code("short", "u"), Some("PASSWORD_LENGTH"));
        assert_eq!(code("Password123", "u"), Some("PASSWORD_COMMON"));
        assert_eq!(code("zzzzzzzzzzzz", "u"), Some("PASSWORD_COMMON"));
        assert_eq!(code("Zhang.Wei.1985", "zhang.wei.1985"), Some("PASSWORD_COMMON"));
        assert_eq!(code("黄河之水天上来奔流到海", "u"), None);
        assert_eq!(code(&"长".repeat(129), "u"), Some("PASSWORD_LENGTH"));
    }

    #[tokio::test]
    async fn the_right_password_only() {
        let passwords = Passwords::new(2, &RandomIds::default()).unwrap();
        let phc = passwords.hash(Pii::new("correct horse".into()), &RandomIds::default()).await.unwrap();
        let verify = |p: &str, phc: Option<String>| passwords.verify(Pii::new(p.to_owned()), phc);
        assert_eq!(verify("correct horse", Some(phc.clone())).await.unwrap(), Verdict::Right);
        assert_eq!(verify("wrong horse", Some(phc)).await.unwrap(), Verdict::Wrong);
        assert_eq!(verify("nobody has this password", None).await.unwrap(), Verdict::Wrong);
    }
}
