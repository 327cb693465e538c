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
    /// Six digits; required when the account has a second factor.
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

/// An answer that only says that something was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Done {
    pub message: String,
}
