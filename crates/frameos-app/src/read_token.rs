//! The read token: lets whoever paid for a run without an account read that run, and nothing else.
//!
//! Invariants: it names one run and its owner, and is signed; it opens no account and changes nothing.

use std::time::Duration;

use frameos_domain::id::{ExecutionId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::Result,
    token::{ISSUER, expired_check, refused, sign, verify},
};

/// What a read token begins with.
pub const READ_TOKEN_PREFIX: &str = "frt_";
const AUDIENCE: &str = "frameos-run-read";
/// How long a run can be read by it.
const TTL: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Serialize, Deserialize)]
struct ReadClaims {
    iss: String,
    aud: String,
    sub: ExecutionId,
    /// Who owns the run.
    own: UserId,
    exp: i64,
}

/// Signs a token for one run.
pub(crate) fn read_token_sign(app: &App, owner: UserId, id: ExecutionId) -> Result<String> {
    let exp = app.now().plus(TTL).as_secs();
    let claims = ReadClaims { iss: ISSUER.into(), aud: AUDIENCE.into(), sub: id, own: owner, exp };
    Ok(format!("{READ_TOKEN_PREFIX}{}", sign(app, &claims)?))
}

/// The run a token opens, and its owner.
pub fn read_token_verify(app: &App, token: &str) -> Result<(ExecutionId, UserId)> {
    let signed = token.strip_prefix(READ_TOKEN_PREFIX).ok_or_else(refused)?;
    let claims: ReadClaims = verify(app, signed, AUDIENCE)?;
    expired_check(claims.exp, app.now())?;
    Ok((claims.sub, claims.own))
}
