//! Accounts: registering, logging in, second factors.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::account::{
    DeveloperRegistered, LoginRequest, RefreshRequest, RegisterRequest, TwoFactorConfirm, TwoFactorEnrolled,
    UserRegistered, VerifyEmailRequest,
};

use super::{
    Api,
    extract::{Authenticated, Json, Public},
    reply::{Answer, created, done, ok},
};
use crate::view::account as view;

fn registration(request: RegisterRequest) -> app::Registration {
    app::Registration {
        email: request.email,
        name: request.name,
        password: request.password.into(),
        company: request.company,
    }
}

/// `POST /developers/register`
pub(crate) async fn developer_register(
    State(api): State<Api>,
    _: Public,
    Json(body): Json<RegisterRequest>,
) -> Answer {
    let registered = app::developer_register(&api.app, registration(body)).await?;
    created(
        "/me",
        DeveloperRegistered {
            developer_id: registered.id.to_string(),
            email: registered.email,
            message: "Account created. Please verify your email.".to_owned(),
        },
    )
}

/// `POST /users/register`
pub(crate) async fn user_register(
    State(api): State<Api>,
    _: Public,
    Json(body): Json<RegisterRequest>,
) -> Answer {
    let registered = app::user_register(&api.app, registration(body)).await?;
    created(
        "/me",
        UserRegistered {
            user_id: registered.id.to_string(),
            email: registered.email,
            message: "Account created. Please verify your email.".to_owned(),
        },
    )
}

/// `POST /auth/login`
pub(crate) async fn login(State(api): State<Api>, _: Public, Json(body): Json<LoginRequest>) -> Answer {
    let tokens = app::account_login(&api.app, &body.email, body.password.into(), body.otp.as_deref()).await?;
    ok(view::token_pair(tokens))
}

/// `POST /auth/refresh`
pub(crate) async fn refresh(State(api): State<Api>, _: Public, Json(body): Json<RefreshRequest>) -> Answer {
    ok(view::token_pair(app::session_refresh(&api.app, &body.refresh_token).await?))
}

/// `POST /auth/logout`
pub(crate) async fn logout(State(api): State<Api>, _: Public, Json(body): Json<RefreshRequest>) -> Answer {
    app::session_logout(&api.app, &body.refresh_token).await?;
    done("Logged out.")
}

/// `POST /auth/verify-email`
pub(crate) async fn verify_email(
    State(api): State<Api>,
    _: Public,
    Json(body): Json<VerifyEmailRequest>,
) -> Answer {
    app::email_verify(&api.app, &body.token).await?;
    done("The e-mail address is verified.")
}

/// `GET /me`
pub(crate) async fn me(State(api): State<Api>, Authenticated(principal): Authenticated) -> Answer {
    ok(view::me(app::account_me(&api.app, &principal).await?))
}

/// `POST /me/2fa/enroll`
pub(crate) async fn two_factor_enroll(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
) -> Answer {
    let enrolled = app::two_factor_enroll(&api.app, &principal).await?;
    ok(TwoFactorEnrolled { secret: enrolled.secret, otpauth_url: enrolled.otpauth_url })
}

/// `POST /me/2fa/confirm`
pub(crate) async fn two_factor_confirm(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
    Json(body): Json<TwoFactorConfirm>,
) -> Answer {
    app::two_factor_confirm(&api.app, &principal, &body.otp).await?;
    done("The second factor is in force.")
}
