//! What messages say: `docs/sms-templates.csv` is the one place of the texts, compiled in, and what a provider is given to
//! register. A text is one message: providers count 70 characters with their signature 【…】, for which ten are left.

use std::fmt;
use std::sync::LazyLock;

/// Longest value of a variable, characters: providers refuse longer ones.
pub const MAX_VALUE: usize = 20;
/// Longest text with all variables in it, characters.
pub const MAX_TEXT: usize = 60;

macro_rules! templates {
    ($($(#[$doc:meta])* $variant:ident $key:literal { $($variable:ident),* };)*) => {
        /// A text with its variables. What a variable holds is never shown by `Debug`: it may be a code.
        #[derive(Clone)]
        pub enum Template {
            $($(#[$doc])* $variant { $(#[doc = concat!("`", stringify!($variable), "` of the text.")] $variable: String),* },)*
        }

        /// The keys the code knows, with their variables.
        #[cfg(test)]
        const KNOWN: &[(&str, &[&str])] = &[$(($key, &[$(stringify!($variable)),*])),*];

        impl Template {
            /// Its key in the table.
            pub const fn key(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $key,)* }
            }

            fn given(&self) -> Vec<(&'static str, &str)> {
                match self { $(Self::$variant { $($variable),* } => vec![$((stringify!($variable), $variable.as_str())),*],)* }
            }
        }
    };
}

templates! {
    /// A one-time code.
    Otp "otp" { code, minutes };
    /// Somebody is invited to a post and has no account yet.
    Invitation "invitation" { union, username };
    /// Somebody with an account has another post.
    PostGranted "post_granted" { union };
    /// As `PostGranted`, and the post takes TOTP.
    PostEnrolment "post_enrolment" { union };
    /// To the present mobile: somebody asks for another.
    MobileChangeRequested "mobile_change_requested" { mobile };
    /// To the mobile an account has left.
    MobileChanged "mobile_changed" { mobile };
    /// To the mobile an account has now.
    MobileBound "mobile_bound" {};
    /// An account will be closed.
    AccountClosing "account_closing" { closes_on };
    /// An account was closed.
    AccountClosed "account_closed" {};
    /// A cadre's bound phones were released.
    DevicesReleased "devices_released" { union };
    /// A cadre is to activate the account anew.
    LoginReset "login_reset" { union };
    /// To a lawyer: a question waits for them.
    ConsultationWaiting "consultation_waiting" { number };
    /// To a lawyer: a shift that begins soon moved, or is offered to them.
    ShiftMoved "shift_moved" { when };
    /// To a relative: a member named them.
    DelegationOffered "delegation_offered" { name };
    /// To a recruiter: a posting ends in some days.
    PostingEnding "posting_ending" { title, day };
    /// To a recruiter: its verification ends in some days.
    VerificationEnding "verification_ending" { day };
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.key()).finish()
    }
}

const TABLE: &str = include_str!("../../../../docs/sms-templates.csv");
// Key, text and variables; none holds a comma of ASCII, and a test holds that every line has three cells.
static ROWS: LazyLock<Vec<[&str; 3]>> = LazyLock::new(|| {
    let lines = TABLE.lines().skip(1);
    lines.filter_map(|line| line.split(',').collect::<Vec<_>>().try_into().ok()).collect()
});

// A value as a provider takes it. One that is too long is cut and says so by its end: a name is known by its beginning, and
// a message that is refused reaches nobody. What could make a link of it, break a line or look like a variable is dropped;
// a full stop stays in a username alone, which has to be typed as it is.
fn fitted(variable: &str, value: &str) -> String {
    let plain = value.chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\' | ':' | '{' | '}'));
    let plain: Vec<char> = plain.map(|c| if c == '.' && variable != "username" { '·' } else { c }).collect();
    if plain.len() <= MAX_VALUE {
        return plain.into_iter().collect();
    }
    plain.into_iter().take(MAX_VALUE - 1).chain(['…']).collect()
}

impl Template {
    /// The variables with their values, each at most [`MAX_VALUE`] characters.
    pub fn values(&self) -> Vec<(&'static str, String)> {
        self.given().into_iter().map(|(name, value)| (name, fitted(name, value))).collect()
    }

    /// The text as it will be read, at most [`MAX_TEXT`] characters.
    pub fn text(&self) -> String {
        let values = self.values();
        let mut rest = ROWS.iter().find(|[key, ..]| *key == self.key()).map_or("", |[_, text, _]| *text);
        let mut text = String::new();
        // In one pass: a value is not read for variables again.
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            text.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
            rest = after;
        }
        text + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn all(value: &str) -> Vec<Template> {
        let v = || value.to_owned();
        let all = vec![
            Template::Otp { code: v(), minutes: v() },
            Template::Invitation { union: v(), username: v() },
            Template::PostGranted { union: v() },
            Template::PostEnrolment { union: v() },
            Template::MobileChangeRequested { mobile: v() },
            Template::MobileChanged { mobile: v() },
            Template::MobileBound {},
            Template::AccountClosing { closes_on: v() },
            Template::AccountClosed {},
            Template::DevicesReleased { union: v() },
            Template::LoginReset { union: v() },
            Template::ConsultationWaiting { number: v() },
            Template::ShiftMoved { when: v() },
            Template::DelegationOffered { name: v() },
            Template::PostingEnding { title: v(), day: v() },
            Template::VerificationEnding { day: v() },
        ];
        assert_eq!(all.len(), KNOWN.len());
        all
    }

    #[test]
    fn the_table_and_the_code_know_the_same() {
        let of_table: Vec<(&str, BTreeSet<&str>)> =
            ROWS.iter().map(|[key, _, variables]| (*key, variables.split_whitespace().collect())).collect();
        let of_code: Vec<(&str, BTreeSet<&str>)> =
            KNOWN.iter().map(|(key, variables)| (*key, variables.iter().copied().collect())).collect();
        assert_eq!(of_table, of_code);
        for line in TABLE.lines() {
            assert_eq!(line.split(',').count(), 3, "{line}");
        }
        for [key, text, variables] in ROWS.iter() {
            let named: BTreeSet<&str> =
                text.split('{').skip(1).map(|part| part.split_once('}').unwrap().0).collect();
            assert_eq!(named, variables.split_whitespace().collect(), "{key}");
            assert!(text.ends_with('。') && !text.contains('【'), "{key}");
        }
    }

    #[test]
    fn a_long_value_is_cut_and_says_so() {
        let long = Template::PostGranted { union: "长".repeat(21) };
        assert_eq!(long.values(), [("union", format!("{}…", "长".repeat(19)))]);
        let fits = Template::PostGranted { union: "长".repeat(20) };
        assert_eq!(fits.values(), [("union", "长".repeat(20))]);
        let otp = Template::Otp { code: "012345".to_owned(), minutes: "5".to_owned() };
        assert_eq!(otp.text(), "验证码012345，5分钟内有效，请勿告诉他人。");
    }

    #[test]
    fn a_value_is_neither_link_nor_variable() {
        let told = Template::MobileChanged { mobile: "http://a.cn/{mobile}\n".to_owned() };
        assert_eq!(told.text(), "您的账号手机已改为httpa·cnmobile，非本人操作请拨打12351。");
        let invited = Template::Invitation { union: "www.a.cn".to_owned(), username: "zz.leader".to_owned() };
        assert_eq!(invited.text(), "www·a·cn邀请您任职，用户名zz.leader，请激活账号。");
    }

    #[test]
    fn a_code_is_not_shown_by_debug() {
        let otp = Template::Otp { code: "012345".to_owned(), minutes: "5".to_owned() };
        assert_eq!(format!("{otp:?}"), "Template(\"otp\")");
    }

    proptest! {
        #[test]
        fn every_text_is_one_message_whatever_it_holds(value in any::<String>()) {
            for template in all(&value) {
                let text = template.text();
                prop_assert!(text.chars().count() <= MAX_TEXT, "{}: {}", template.key(), text);
                prop_assert!(!text.contains(['{', '}', '/', ':']) && !text.chars().any(char::is_control), "{}", text);
                for (name, value) in template.values() {
                    prop_assert!(value.chars().count() <= MAX_VALUE);
                    prop_assert!(name == "username" || !value.contains('.'), "{}", value);
                    prop_assert!(text.contains(&value));
                }
            }
        }
    }
}
