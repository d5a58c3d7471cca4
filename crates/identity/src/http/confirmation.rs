//! What a member sends with a step that takes a fresh proof of their wish.

use serde::Deserialize;
use unionhall_kernel::{Fields, Problem};
use utoipa::ToSchema;

use crate::otp;

/// A fresh code, where the member acts themself. 短信确认
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// A code sent to the member's mobile (purpose `confirm`). Left out on their behalf, where the signed form takes its place.
    #[schema(pattern = "^[0-9]{6}$", example = "123456")]
    code: Option<String>,
}

impl Confirmation {
    /// The code, where there is one.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` with `OTP_FORMAT` at `/code`.
    pub fn parse(&self) -> Result<Option<&str>, Problem> {
        let mut fields = Fields::new();
        let code = self.code.as_deref().and_then(|code| fields.take("/code", otp::parse_code(code)));
        fields.finish()?;
        Ok(code)
    }
}
