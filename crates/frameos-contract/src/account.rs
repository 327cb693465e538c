//! Registering, logging in and second factors.

use frameos_domain::clock::Timestamp;
use serde::{Deserialize, Serialize};

/// `POST /developers/register` (`company` for developers only) and `POST /users/register`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegisterRequest {
    pub email: String,
    pub name: String,
    pub password: String,
    #[serde(default)]
    pub company: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeveloperRegistered {
    pub developer_id: String,
    pub email: String,
    pub message: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserRegistered {
    pub user_id: String,
    pub email: String,
    pub message: String,
}

/// `POST /auth/login`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginRequest {
    pub email: String,
    pub password: String,
    /// Six digits, or a recovery code; required when the account has a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// `POST /auth/refresh` and `POST /auth/logout`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefreshRequest {
    pub refresh_token: String,
}

/// `POST /auth/verify-email`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyEmailRequest {
    /// From the mail.
    pub token: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenPair {
    pub access_token: String,
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds the access token is valid.
    pub expires_in: u64,
    pub role: String,
}

/// `GET /me`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Me {
    pub id: String,
    pub role: String,
    pub email: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    pub status: String,
    pub verified_email: bool,
    pub two_factor: bool,
    /// Left, when there is a second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_codes: Option<i64>,
    pub created_at: Timestamp,
}

/// `POST /me/2fa/enroll`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TwoFactorEnrolled {
    /// Base32, for typing by hand.
    pub secret: String,
    /// `otpauth://…`, for a QR code.
    pub otpauth_url: String,
}

/// `POST /me/2fa/confirm`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TwoFactorConfirm {
    pub otp: String,
}

/// The answer to `POST /me/2fa/confirm` and `POST /me/2fa/recovery-codes`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecoveryCodes {
    pub message: String,
    /// Each stands in once for a one-time code. Shown here only.
    pub recovery_codes: Vec<String>,
}

/// Shows once more who asks: `POST /me/2fa/disable`, `POST /me/2fa/recovery-codes`, `DELETE /me`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ProofRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Needed with a second factor: its code, or a recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// `POST /auth/forgot-password` and `POST /auth/resend-verification`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EmailRequest {
    pub email: String,
}

/// `POST /auth/reset-password`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResetPasswordRequest {
    /// From the mail.
    pub token: String,
    pub password: String,
}

/// `POST /me/password`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangePasswordRequest {
    pub current_password: String,
    pub new_password: String,
    /// Needed with a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// `GET /me/sessions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionList {
    pub sessions: Vec<SessionItem>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionItem {
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
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Done {
    pub message: String,
}
