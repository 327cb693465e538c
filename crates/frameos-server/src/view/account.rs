//! Accounts, as the contract shows them.

use frameos_app::{AccountView, Tokens};
use frameos_contract::account::{Me, TokenPair};

pub(crate) fn token_pair(tokens: Tokens) -> TokenPair {
    TokenPair {
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        token_type: "Bearer".to_owned(),
        expires_in: tokens.expires_in,
        role: tokens.role.as_str().to_owned(),
    }
}

pub(crate) fn me(account: AccountView) -> Me {
    Me {
        id: account.id,
        role: account.role.as_str().to_owned(),
        email: account.email,
        name: account.name,
        company: account.company,
        status: account.status.to_string(),
        verified_email: account.verified_email,
        two_factor: account.two_factor,
        created_at: account.created_at,
    }
}
