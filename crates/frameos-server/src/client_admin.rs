//! Commands about the gateway's clients, on its database: beside a running gateway or without one.

use std::time::Duration;

use frameos_domain::{
    client_key::{ClientKey, client_signing_key_text},
    clock::Clock,
    id::ClientId,
    signing::{PublicKey, SigningKey},
};
use frameos_gateway::client::{
    self, ClientError, ClientView, Rotation, client_add, client_end, client_rotate, clients_list,
};
use frameos_store::clock::SystemClock;

use crate::{
    config::Config,
    error::ServeError,
    maintenance::{store_change, store_visit},
};

/// A client that is to be added.
#[derive(Debug, Clone, Default)]
pub struct ClientNew {
    pub name: String,
    /// Whether to make a signing key.
    pub sign: bool,
    /// Or the one it has.
    pub public_key: Option<String>,
    pub requests_per_second: Option<u32>,
}

/// What a rotation changes besides the API key.
#[derive(Debug, Clone, Default)]
pub struct ClientChange {
    /// How long the API keys so far stay good.
    pub grace: Duration,
    pub sign: bool,
    pub public_key: Option<String>,
}

/// The keys of a client, which are shown this once.
#[derive(Debug)]
pub struct ClientAdded {
    pub client_id: ClientId,
    pub api_key: ClientKey,
    /// The private key, when one was made.
    pub signing_key: Option<String>,
    pub signing_key_id: Option<String>,
}

pub async fn gateway_client_add(config: Config, new: ClientNew) -> Result<ClientAdded, ServeError> {
    let store = store_change(&config).await?;
    let signing = Signing::choose(new.sign, new.public_key.as_deref())?;
    let ClientNew { name, requests_per_second, .. } = new;
    let row = client::ClientNew { name, signing_key: signing.public.clone(), requests_per_second };
    let (client_id, api_key) = client_add(&store, row, SystemClock.now()).await?;
    Ok(signing.added(client_id, api_key))
}

pub async fn gateway_client_rotate(
    config: Config,
    name: &str,
    change: ClientChange,
) -> Result<ClientAdded, ServeError> {
    let store = store_change(&config).await?;
    let signing = Signing::choose(change.sign, change.public_key.as_deref())?;
    let rotation = Rotation { grace: change.grace, signing_key: signing.public.clone() };
    let (client_id, api_key) = client_rotate(&store, name, rotation, SystemClock.now()).await?;
    Ok(signing.added(client_id, api_key))
}

pub async fn gateway_client_revoke(config: Config, name: &str) -> Result<ClientId, ServeError> {
    let store = store_change(&config).await?;
    Ok(client_end(&store, name, SystemClock.now()).await?)
}

pub async fn gateway_clients(config: Config) -> Result<Vec<ClientView>, ServeError> {
    let (_, store) = store_visit(&config).await?;
    Ok(clients_list(&store, SystemClock.now()).await?)
}

/// The signing key of a client: none, one made here, or one that only the client has.
struct Signing {
    public: Option<PublicKey>,
    private: Option<String>,
}

impl Signing {
    fn choose(make: bool, given: Option<&str>) -> Result<Self, ClientError> {
        if let Some(x) = given {
            return Ok(Self { public: Some(PublicKey::from_x(x)?), private: None });
        }
        if !make {
            return Ok(Self { public: None, private: None });
        }
        let seed = SigningKey::generate_seed()?;
        let public = SigningKey::from_seed(&seed)?.public().clone();
        Ok(Self { public: Some(public), private: Some(client_signing_key_text(&seed)) })
    }

    fn added(self, client_id: ClientId, api_key: ClientKey) -> ClientAdded {
        let signing_key_id = self.public.map(|key| key.kid());
        ClientAdded { client_id, api_key, signing_key: self.private, signing_key_id }
    }
}
