//! The address of a client: the socket's, or what a proxy of the operator's own says of it.
//!
//! Invariant: nobody but a trusted proxy is believed, and of its list only what trusted proxies added: read from the end, the
//! first address that is not theirs is the client's.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use crate::config::{ForwardedHeader, Network};

/// Where a connection comes from; the listener puts it into each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub SocketAddr);

/// The operator's own proxies.
#[derive(Debug, Clone)]
pub(crate) struct Proxies {
    pub networks: Vec<Network>,
    pub header: ForwardedHeader,
}

impl Proxies {
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_trusted = |address: IpAddr| self.networks.iter().any(|network| network.has(address));
        let mut client = peer.to_canonical();
        if !is_trusted(client) {
            return client;
        }
        for hop in self.hops(headers).into_iter().rev() {
            // What cannot be read was not written by a proxy that can be trusted to write addresses.
            let Some(hop) = hop else { break };
            client = hop;
            if !is_trusted(client) {
                break;
            }
        }
        client
    }

    /// As listed, the client first.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = match self.header {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        };
        let lines = headers.get_all(HeaderName::from_static(name)).iter();
        let items = lines.flat_map(|line| line.to_str().unwrap_or("?").split(','));
        match self.header {
            ForwardedHeader::XForwardedFor => items.map(address).collect(),
            ForwardedHeader::Forwarded => items.map(forwarded_for).collect(),
        }
    }
}

/// Of `for=192.0.2.1;proto=https` and the like.
fn forwarded_for(item: &str) -> Option<IpAddr> {
    let mut pairs = item.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    address(value.trim_matches('"'))
}

/// With or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn seen(header: &str, proxies: &str, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let values = [
            ("FRAMEOS_SERVER__TRUSTED_PROXIES".to_owned(), proxies.to_owned()),
            ("FRAMEOS_SERVER__FORWARDED_HEADER".to_owned(), header.to_owned()),
        ];
        let config = Config::load(None, &values, &[]).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let proxies =
            Proxies { networks: config.server.trusted_proxies, header: config.server.forwarded_header };
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let (x, f) = ("x-forwarded-for", "forwarded");
        let proxies = "127.0.0.1,10.0.0.0/8";
        for (header, proxies, peer, lines, client) in [
            (x, "", "192.0.2.9", vec![(x, "1.1.1.1")], "192.0.2.9"),
            (x, proxies, "192.0.2.9", vec![(x, "1.1.1.1")], "192.0.2.9"),
            (x, proxies, "127.0.0.1", vec![(x, "1.1.1.1")], "1.1.1.1"),
            (x, proxies, "127.0.0.1", vec![(x, "6.6.6.6, 1.1.1.1, 10.2.3.4")], "1.1.1.1"),
            (x, proxies, "127.0.0.1", vec![(x, "6.6.6.6"), (x, "1.1.1.1:443")], "1.1.1.1"),
            (x, proxies, "127.0.0.1", vec![(x, "1.1.1.1, nonsense, 10.1.1.1")], "10.1.1.1"),
            (x, proxies, "127.0.0.1", vec![(f, "for=6.6.6.6")], "127.0.0.1"),
            (f, proxies, "127.0.0.1", vec![(x, "6.6.6.6"), (f, "for=1.1.1.1;proto=http")], "1.1.1.1"),
            (
                f,
                proxies,
                "::ffff:127.0.0.1",
                vec![(f, "By=a; For=\"[2001:db8::1]:80\", for=10.0.0.1")],
                "2001:db8::1",
            ),
            (f, proxies, "127.0.0.1", vec![(f, "for=unknown")], "127.0.0.1"),
        ] {
            assert_eq!(seen(header, proxies, peer, &lines), client, "{peer} {lines:?}");
        }
    }
}
