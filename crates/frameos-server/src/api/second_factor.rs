//! Second factors.

use axum::extract::State;
use frameos_app::{self as app, Proof};
use frameos_contract::account::{Done, ProofRequest, RecoveryCodes, TwoFactorConfirm, TwoFactorEnrolled};

use super::{
    Api,
    extract::{Authenticated, Json},
    reply::{Answer, done, ok},
};

pub(crate) fn proof(request: ProofRequest) -> Proof {
    Proof { password: request.password.map(Into::into), otp: request.otp }
}

/// `POST /me/2fa/enroll`
pub(crate) async fn enroll(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
) -> Answer<TwoFactorEnrolled> {
    let enrolled = app::two_factor_enroll(&api.app, &principal).await?;
    ok(TwoFactorEnrolled { secret: enrolled.secret, otpauth_url: enrolled.otpauth_url })
}

/// `POST /me/2fa/confirm`
pub(crate) async fn confirm(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
    Json(body): Json<TwoFactorConfirm>,
) -> Answer<RecoveryCodes> {
    let recovery_codes = app::two_factor_confirm(&api.app, &principal, &body.otp).await?;
    let message =
        "The second factor is in force. Keep the recovery codes where you will find them without it.";
    ok(RecoveryCodes { message: message.to_owned(), recovery_codes })
}

/// `POST /me/2fa/disable`
pub(crate) async fn disable(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
    Json(body): Json<ProofRequest>,
) -> Answer<Done> {
    app::two_factor_disable(&api.app, &principal, proof(body)).await?;
    done("The account has no second factor any more.")
}

/// `POST /me/2fa/recovery-codes`
pub(crate) async fn recovery_codes(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
    Json(body): Json<ProofRequest>,
) -> Answer<RecoveryCodes> {
    let recovery_codes = app::recovery_codes_regenerate(&api.app, &principal, proof(body)).await?;
    let message = "These recovery codes are in force; the ones before work no more.";
    ok(RecoveryCodes { message: message.to_owned(), recovery_codes })
}
