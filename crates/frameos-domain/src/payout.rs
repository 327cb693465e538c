//! Payouts: where a developer's earnings go, what becomes of them on the way, and the Mondays they go on.
//!
//! Invariants: an account is checked when it is read, so that one that exists can be paid to; it is never printed, only shown
//! with all but its end hidden; a final state of a payout is never left.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Where money is sent: a UPI id, or an account at an Indian bank.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum PayoutAccount {
    Upi {
        /// Of the account's holder, as the bank knows it.
        name: String,
        upi_id: String,
    },
    Bank {
        name: String,
        account_number: String,
        ifsc: String,
    },
}

/// What is kept of somebody else's text.
const LONGEST_REASON: usize = 500;

/// A field of an account, and what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountError {
    pub field: &'static str,
    pub message: &'static str,
}

impl PayoutAccount {
    /// Checks every field, with blanks around them and in numbers taken away and an IFSC in capitals.
    pub fn checked(self) -> Result<Self, AccountError> {
        match self {
            Self::Upi { name, upi_id } => {
                Ok(Self::Upi { name: name_check(&name)?, upi_id: upi_check(&upi_id)? })
            }
            Self::Bank { name, account_number, ifsc } => Ok(Self::Bank {
                name: name_check(&name)?,
                account_number: number_check(&account_number)?,
                ifsc: ifsc_check(&ifsc)?,
            }),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Upi { name, .. } | Self::Bank { name, .. } => name,
        }
    }

    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Upi { .. } => "upi",
            Self::Bank { .. } => "bank",
        }
    }

    /// A text of somebody else's, such as a bank's reason, without what it may repeat of this account.
    pub fn hidden_in(&self, text: &str) -> String {
        let secret = match self {
            Self::Upi { upi_id, .. } => upi_id,
            Self::Bank { account_number, .. } => account_number,
        };
        text.replace(secret, "***").chars().take(LONGEST_REASON).collect()
    }

    /// For people: enough to know one's own account by, too little to use it.
    pub fn shown(&self) -> String {
        match self {
            Self::Upi { upi_id, .. } => {
                let (user, bank) = upi_id.split_once('@').unwrap_or((upi_id, ""));
                let seen: String = user.chars().take(2).collect();
                format!("{seen}***@{bank}")
            }
            Self::Bank { account_number, ifsc, .. } => {
                let start = account_number.len().saturating_sub(4);
                format!("****{} at {ifsc}", account_number.get(start..).unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for PayoutAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayoutAccount({}, hidden)", self.kind())
    }
}

fn wrong<T>(field: &'static str, message: &'static str) -> Result<T, AccountError> {
    Err(AccountError { field, message })
}

fn name_check(name: &str) -> Result<String, AccountError> {
    let name = name.trim();
    let allowed = |letter: char| letter.is_alphanumeric() || " .'-&/()".contains(letter);
    if (2..=100).contains(&name.chars().count()) && name.chars().all(allowed) {
        Ok(name.to_owned())
    } else {
        wrong("name", "must be the account holder's name: 2 to 100 letters, digits, blanks and . ' - & / ( )")
    }
}

fn upi_check(upi_id: &str) -> Result<String, AccountError> {
    let upi_id = upi_id.trim();
    let message = "must be a UPI id such as name@bank";
    let Some((user, bank)) = upi_id.split_once('@') else { return wrong("upi_id", message) };
    let user_fits = (2..=200).contains(&user.len())
        && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let bank_fits = (2..=64).contains(&bank.len())
        && bank.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && bank.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if user_fits && bank_fits { Ok(upi_id.to_owned()) } else { wrong("upi_id", message) }
}

fn number_check(number: &str) -> Result<String, AccountError> {
    let number: String = number.chars().filter(|letter| !letter.is_whitespace()).collect();
    if (9..=18).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(number)
    } else {
        wrong("account_number", "must have 9 to 18 digits")
    }
}

fn ifsc_check(ifsc: &str) -> Result<String, AccountError> {
    let ifsc = ifsc.trim().to_ascii_uppercase();
    let bytes = ifsc.as_bytes();
    let fits = bytes.len() == 11
        && bytes[..4].iter().all(u8::is_ascii_uppercase)
        && bytes[4] == b'0'
        && bytes[5..].iter().all(u8::is_ascii_alphanumeric);
    if fits {
        Ok(ifsc)
    } else {
        wrong("ifsc", "must be an IFSC such as HDFC0001234: four letters, 0, six more")
    }
}

/// Where a payout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PayoutStatus {
    /// Taken from the payable account; nobody was asked to send it.
    Created,
    /// The provider was asked, or may have been.
    Sent,
    Paid,
    /// The provider did not send it; it is payable again.
    Failed,
    /// The bank sent it back; it is payable again.
    Returned,
}

impl PayoutStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Sent => "sent",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Returned => "returned",
        }
    }

    /// Whether the money is payable again.
    pub const fn is_undone(self) -> bool {
        matches!(self, Self::Failed | Self::Returned)
    }
}

impl fmt::Display for PayoutStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PayoutStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Created, Self::Sent, Self::Paid, Self::Failed, Self::Returned]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no payout status"))
    }
}

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// 1970-01-01 was a Thursday.
const EPOCH_AFTER_MONDAY: i64 = 3;

/// The latest Monday that has begun where clocks are `offset_minutes` ahead of UTC, as `2026-11-23`: the name of a period.
pub fn payout_period(now: Timestamp, offset_minutes: i32) -> String {
    let local = now.as_secs().saturating_add(i64::from(offset_minutes) * 60);
    let days = local.div_euclid(DAY_SECONDS);
    let monday = days - (days + EPOCH_AFTER_MONDAY).rem_euclid(7);
    Timestamp::from_micros(0)
        .plus(Duration::from_secs(u64::try_from(monday * DAY_SECONDS).unwrap_or(0)))
        .day()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upi(upi_id: &str) -> Result<PayoutAccount, AccountError> {
        PayoutAccount::Upi { name: "Asha Rao".into(), upi_id: upi_id.into() }.checked()
    }

    fn bank(account_number: &str, ifsc: &str) -> Result<PayoutAccount, AccountError> {
        let (account_number, ifsc) = (account_number.into(), ifsc.into());
        PayoutAccount::Bank { name: "Asha Rao".into(), account_number, ifsc }.checked()
    }

    #[test]
    fn accounts_are_checked_and_shown_without_what_they_are() {
        let account = bank(" 0026 2918 0000 1191 ", "yesb0000262").unwrap();
        assert_eq!(account.shown(), "****1191 at YESB0000262");
        assert_eq!(upi("asha.rao@okbank").unwrap().shown(), "as***@okbank");
        assert_eq!(account.hidden_in("no account 0026291800001191"), "no account ***");
        for hidden in [format!("{account:?}"), format!("{:?}", upi("asha@okbank").unwrap())] {
            assert!(!hidden.contains("1191") && !hidden.contains("asha"), "{hidden}");
        }
        for wrong in ["asha", "@ok", "a@ok", "asha@", "asha@1bank", "as ha@ok", "asha@ok@bank", "asha@o.k"] {
            assert_eq!(upi(wrong).unwrap_err().field, "upi_id", "{wrong}");
        }
        for wrong in ["12345678", "1234567890123456789", "12345678x", ""] {
            assert_eq!(bank(wrong, "HDFC0001234").unwrap_err().field, "account_number", "{wrong}");
        }
        for wrong in ["HDFC1001234", "HDF00001234", "HDFC000123", "HDFC00012345", "HDFC00012é"] {
            assert_eq!(bank("123456789", wrong).unwrap_err().field, "ifsc", "{wrong}");
        }
        let nameless = PayoutAccount::Upi { name: "=1+1".into(), upi_id: "asha@okbank".into() };
        assert_eq!(nameless.checked().unwrap_err().field, "name");
    }

    #[test]
    fn a_period_begins_on_monday_where_the_platform_is() {
        // 2026-11-18T11:06:40Z, a Wednesday.
        let wednesday = Timestamp::from_micros(1_795_000_000_000_000);
        assert_eq!(payout_period(wednesday, 330), "2026-11-16");
        let hours = |hours: u64| wednesday.plus(Duration::from_secs(hours * 3600));
        // Sunday 22:06 UTC is Monday 03:36 in India.
        assert_eq!(payout_period(hours(4 * 24 + 11), 0), "2026-11-16");
        assert_eq!(payout_period(hours(4 * 24 + 11), 330), "2026-11-23");
        assert_eq!(payout_period(hours(4 * 24 + 11), -720), "2026-11-16");
        assert_eq!(
            payout_period(Timestamp::from_micros(0).plus(Duration::from_secs(4 * 86_400)), 0),
            "1970-01-05"
        );
    }
}
