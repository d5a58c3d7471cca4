//! The SMS seam's test end: messages land in a box.

use std::sync::Mutex;

use unionhall_identity::sms::{Message, SmsSender};
use unionhall_kernel::Problem;

/// All messages handed over, in order.
#[derive(Default)]
pub struct SmsBox(Mutex<Vec<Message>>);

impl SmsSender for SmsBox {
    fn send(&self, message: &Message) -> Result<(), Problem> {
        self.0.lock().unwrap().push(message.clone());
        Ok(())
    }
}

impl SmsBox {
    /// The newest one-time code sent to a mobile (11 digits).
    pub fn code(&self, mobile: &str) -> Option<String> {
        let box_ = self.0.lock().unwrap();
        let newest = box_.iter().rev().find(|m| m.mobile.national() == mobile)?;
        newest.template.values().into_iter().find(|(name, _)| *name == "code").map(|(_, code)| code)
    }

    /// The template of the newest message to a mobile.
    pub fn last(&self, mobile: &str) -> Option<&'static str> {
        let box_ = self.0.lock().unwrap();
        box_.iter().rev().find(|m| m.mobile.national() == mobile).map(|m| m.template.key())
    }

    /// How many messages went to a mobile.
    pub fn count(&self, mobile: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|m| m.mobile.national() == mobile).count()
    }
}
