//! Accounts, as the contract shows them.

use frameos_app::{AccountView, SessionView, Tokens};
use frameos_contract::{
    account::{Me, SessionItem, TokenPair},
    personal_token::PersonalTokenItem,
};
use frameos_store::personal_token::PersonalToken;

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
        recovery_codes: account.recovery_codes,
        created_at: account.created_at,
    }
}

pub(crate) fn session(view: SessionView) -> SessionItem {
    let SessionView { session, is_current } = view;
    SessionItem {
        id: session.id.to_string(),
        current: is_current,
        client: session.client,
        address: session.address,
        created_at: session.created_at,
        refreshed_at: session.refreshed_at,
        expires_at: session.expires_at,
    }
}

pub(crate) fn personal_token(token: PersonalToken) -> PersonalTokenItem {
    PersonalTokenItem {
        id: token.id.to_string(),
        name: token.name,
        prefix: token.shown,
        scopes: token.scopes.split(' ').map(str::to_owned).collect(),
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
    }
}
