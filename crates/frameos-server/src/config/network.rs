//! Which peers are proxies of the operator's own, and what they may tell of the client behind them.

use std::net::{IpAddr, Ipv6Addr};

use toml::Value;

use super::{
    key::{Raw, Refused, Shown},
    read::names,
};

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    fn read(text: &str) -> Option<Self> {
        let (base, prefix) = match text.split_once('/') {
            Some((base, prefix)) => (base, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().ok()?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        (prefix <= most).then_some(Self { base, prefix })
    }

    pub fn has(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => (32, u128::from(address.to_bits())),
            IpAddr::V6(address) => (128, address.to_bits()),
        };
        let ((width, base), (of, address)) = (bits(self.base), bits(address.to_canonical()));
        let rest = width - u32::from(self.prefix);
        width == of && base.checked_shr(rest).unwrap_or(0) == address.checked_shr(rest).unwrap_or(0)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

/// Where a trusted proxy says who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

pub(super) const FORWARDED: [(&str, ForwardedHeader); 2] =
    [("x-forwarded-for", ForwardedHeader::XForwardedFor), ("forwarded", ForwardedHeader::Forwarded)];

/// What is counted as one: an IPv4 address, or the /64 that one IPv6 customer has at least.
pub(crate) fn address_block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

pub(super) fn networks(raw: Raw<'_>) -> Result<Vec<Network>, Refused> {
    let given = names(raw)?;
    given
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| Network::read(text).ok_or(Refused::NotAllowed))
        .collect()
}

pub(super) fn shown(networks: &[Network]) -> Shown {
    Shown::Plain(networks.iter().map(ToString::to_string).map(Value::String).collect::<Vec<_>>().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_what_begins_like_it() {
        let has =
            |network: &str, address: &str| Network::read(network).unwrap().has(address.parse().unwrap());
        assert!(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.1"));
        assert!(
            has("127.0.0.1", "127.0.0.1")
                && has("127.0.0.1", "::ffff:127.0.0.1")
                && !has("127.0.0.1", "127.0.0.2")
        );
        assert!(has("0.0.0.0/0", "9.9.9.9") && !has("0.0.0.0/0", "::1"));
        assert!(
            has("2001:db8::/32", "2001:db8:1::1")
                && !has("2001:db8::/32", "2001:db9::1")
                && has("::/0", "::1")
        );
        for wrong in ["", "10.0.0.0/33", "::1/129", "a", "10.0.0.0/"] {
            assert_eq!(Network::read(wrong), None, "{wrong}");
        }
    }
}
