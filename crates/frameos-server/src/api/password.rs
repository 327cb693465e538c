//! Passwords: forgotten, reset and changed.

use axum::extract::State;
use frameos_app::{self as app, Proof};
use frameos_contract::account::{ChangePasswordRequest, Done, EmailRequest, ResetPasswordRequest};

use super::{
    Api,
    extract::{Authenticated, Json, Public},
    reply::{Answer, done},
};

/// `POST /auth/forgot-password`
pub(crate) async fn forgot(
    State(api): State<Api>,
    _: Public,
    Json(body): Json<EmailRequest>,
) -> Answer<Done> {
    app::password_forgotten(&api.app, &body.email).await?;
    done("If this address has an account, a mail is on its way to it.")
}

/// `POST /auth/reset-password`
pub(crate) async fn reset(
    State(api): State<Api>,
    _: Public,
    Json(body): Json<ResetPasswordRequest>,
) -> Answer<Done> {
    app::password_reset(&api.app, &body.token, body.password.into()).await?;
    done("The new password is in force, and all sessions were ended. Log in with it.")
}

/// `POST /me/password`
pub(crate) async fn change(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
    Json(body): Json<ChangePasswordRequest>,
) -> Answer<Done> {
    let proof = Proof { password: Some(body.current_password.into()), otp: body.otp };
    app::password_change(&api.app, &principal, proof, body.new_password.into()).await?;
    done("The new password is in force, and all other sessions were ended.")
}
