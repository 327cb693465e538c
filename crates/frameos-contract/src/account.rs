//! Registering, logging in and second factors.

use frameos_domain::clock::Timestamp;
use frameos_domain::id::{DeveloperId, SessionId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema::{AccountId, AccountStatus, Role, TokenType};
use crate::{
    agent::AgentSummary,
    deployment::Deployment,
    developer::RevenueEntry,
    execution::Execution,
    notification::Notification,
    payout::Payout,
    personal_token::PersonalTokenItem,
    subscription::Subscription,
    wallet::{TopUp, Transaction, Wallet},
    webhook::Webhook,
};
use frameos_domain::policy::Policy;

/// `POST /developers/register` (`company` for developers only) and `POST /users/register`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RegisterRequest {
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    #[schema(min_length = 1, max_length = 100, example = "Asha Rao")]
    pub name: String,
    #[schema(min_length = 8, max_length = 256, format = "password", example = "correct horse battery 7")]
    pub password: String,
    #[serde(default)]
    pub company: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeveloperRegistered {
    #[schema(value_type = DeveloperId)]
    pub developer_id: String,
    pub email: String,
    pub message: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserRegistered {
    #[schema(value_type = UserId)]
    pub user_id: String,
    pub email: String,
    pub message: String,
}

/// `POST /auth/login`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LoginRequest {
    #[schema(example = "asha@example.com")]
    pub email: String,
    #[schema(format = "password", example = "correct horse battery 7")]
    pub password: String,
    /// Six digits, or a recovery code; required when the account has a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// `POST /auth/refresh` and `POST /auth/logout`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RefreshRequest {
    pub refresh_token: String,
}

/// `POST /auth/verify-email`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VerifyEmailRequest {
    /// From the mail.
    pub token: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenPair {
    pub access_token: String,
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(value_type = TokenType)]
    pub token_type: String,
    /// Seconds the access token is valid.
    #[schema(example = 900)]
    pub expires_in: u64,
    #[schema(value_type = Role)]
    pub role: String,
}

/// `GET /me`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Me {
    #[schema(value_type = AccountId)]
    pub id: String,
    #[schema(value_type = Role)]
    pub role: String,
    pub email: String,
    #[schema(example = "Asha Rao")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[schema(value_type = AccountStatus)]
    pub status: String,
    pub verified_email: bool,
    pub two_factor: bool,
    /// Left, when there is a second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_codes: Option<i64>,
    pub created_at: Timestamp,
}

/// `POST /me/2fa/enroll`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TwoFactorEnrolled {
    /// Base32, for typing by hand.
    pub secret: String,
    /// `otpauth://…`, for a QR code.
    pub otpauth_url: String,
}

/// `POST /me/2fa/confirm`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TwoFactorConfirm {
    pub otp: String,
}

/// The answer to `POST /me/2fa/confirm` and `POST /me/2fa/recovery-codes`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodes {
    pub message: String,
    /// Each stands in once for a one-time code. Shown here only.
    pub recovery_codes: Vec<String>,
}

/// Shows once more who asks: `POST /me/2fa/disable`, `POST /me/2fa/recovery-codes`, `DELETE /me`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"password": "correct horse battery 7"}))]
pub struct ProofRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Needed with a second factor: its code, or a recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// `POST /auth/forgot-password` and `POST /auth/resend-verification`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EmailRequest {
    pub email: String,
}

/// `POST /auth/reset-password`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ResetPasswordRequest {
    /// From the mail.
    pub token: String,
    #[schema(min_length = 8, max_length = 256, format = "password", example = "correct horse battery 8")]
    pub password: String,
}

/// `POST /me/password`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangePasswordRequest {
    #[schema(format = "password", example = "correct horse battery 7")]
    pub current_password: String,
    #[schema(min_length = 8, max_length = 256, format = "password", example = "correct horse battery 8")]
    pub new_password: String,
    /// Needed with a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// `GET /me/sessions`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionList {
    pub sessions: Vec<SessionItem>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionItem {
    #[schema(value_type = SessionId)]
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// The program as it named itself at the log-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Where the log-in came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    pub created_at: Timestamp,
    pub refreshed_at: Timestamp,
    pub expires_at: Timestamp,
}

/// An answer that only says that something was done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Done {
    pub message: String,
}

/// `GET /me/export`: everything of one account. Which lists there are depends on its role.
#[derive(Debug, ToSchema)]
pub struct AccountExport {
    pub account: Vec<Me>,
    pub sessions: Vec<SessionItem>,
    pub tokens: Option<Vec<PersonalTokenItem>>,
    pub deployments: Option<Vec<Deployment>>,
    pub executions: Option<Vec<Execution>>,
    pub subscriptions: Option<Vec<Subscription>>,
    pub webhooks: Option<Vec<Webhook>>,
    pub wallet: Option<Vec<Wallet>>,
    pub wallet_transactions: Option<Vec<Transaction>>,
    pub top_ups: Option<Vec<TopUp>>,
    pub policy: Option<Vec<Policy>>,
    pub agents: Option<Vec<AgentSummary>>,
    pub revenue: Option<Vec<RevenueEntry>>,
    pub payouts: Option<Vec<Payout>>,
    pub notifications: Option<Vec<Notification>>,
    /// Lists that have more than is told.
    pub truncated: Vec<String>,
}
