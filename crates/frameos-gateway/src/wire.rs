//! What goes over the gateway's HTTP interface, and over the port in this process: the same types.
//!
//! JSON names are snake_case, times RFC 3339, amounts integer minor units. Requests refuse fields they do not know: an ignored
//! constraint would be money spent against somebody's wish. Answers accept unknown fields, so that a newer gateway can add some.

mod envelope;
mod intent;
mod mandate;
mod payment;
mod payout;
mod refund;
mod wallet;

pub use envelope::{Answer, WireError};
pub use intent::{Intent, IntentNew, IntentStatus};
pub use mandate::{MandateNew, MandateState, MandateVoid};
pub use payment::{AnyReceipt, Execute, Execution, Payment, SignedReceipt, SignedRefusal, Split};
pub use payout::{
    PayeeBalance, Payout, PayoutLine, PayoutLines, PayoutMade, PayoutNew, PayoutPage, PayoutQuery, Statement,
};
pub use refund::{Refund, RefundNew};
pub use wallet::{
    Instrument, ProviderWebhook, TopUp, TopUpNew, TopUpPage, TopUpStatus, WEBHOOK_HEADERS, Wallet,
    WalletEntry, WalletPage, WebhookTaken,
};
