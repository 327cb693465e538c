//! Accounts: registering, proving an address, looking at one's own.

use axum::extract::State;
use frameos_app as app;
use frameos_contract::account::{
    DeveloperRegistered, Done, EmailRequest, Me, ProofRequest, RegisterRequest, UserRegistered,
    VerifyEmailRequest,
};

use super::{
    Api,
    extract::{Authenticated, Json, Public},
    reply::{Answer, Created, created, done, ok},
    second_factor::proof,
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
) -> Created<DeveloperRegistered> {
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
) -> Created<UserRegistered> {
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

/// `POST /auth/verify-email`
pub(crate) async fn verify_email(
    State(api): State<Api>,
    _: Public,
    Json(body): Json<VerifyEmailRequest>,
) -> Answer<Done> {
    app::email_verify(&api.app, &body.token).await?;
    done("The e-mail address is verified.")
}

/// `POST /auth/resend-verification`
pub(crate) async fn resend_verification(
    State(api): State<Api>,
    _: Public,
    Json(body): Json<EmailRequest>,
) -> Answer<Done> {
    app::verification_resend(&api.app, &body.email).await?;
    done("If this address has an account that is not verified, a mail is on its way to it.")
}

/// `GET /me`
pub(crate) async fn me(State(api): State<Api>, Authenticated(principal): Authenticated) -> Answer<Me> {
    ok(view::me(app::account_me(&api.app, &principal).await?))
}

/// `DELETE /me`
pub(crate) async fn delete(
    State(api): State<Api>,
    Authenticated(principal): Authenticated,
    Json(body): Json<ProofRequest>,
) -> Answer<Done> {
    app::account_delete(&api.app, &principal, proof(body)).await?;
    done("The account is deleted. What the books need of it is kept without your name and address.")
}
