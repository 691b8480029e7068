//! Which addresses may be dialled. Feeds come from strangers, and a feed's address, or a redirect, may point at what is
//! behind our own firewall (server-side request forgery). So: only public addresses, but for exact `host:port`
//! exceptions, checked on the address that is really dialled.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// A private target that is dialled all the same: exactly this host, at exactly this port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exception {
    /// By its address, whatever name leads there.
    Address(SocketAddr),
    /// By its name, whatever address it has.
    Name(String, u16),
}

impl Exception {
    /// Reads `192.168.1.5:80`, `[fd00::5]:80` or `feeds.lan:80`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        let (name, port) = text.rsplit_once(':')?;
        let Ok(Host::Domain(name)) = Host::parse(name) else { return None };
        Some(Self::Name(name, port.parse().ok()?))
    }

    fn port(&self) -> u16 {
        match self {
            Self::Address(address) => address.port(),
            Self::Name(_, port) => *port,
        }
    }
}

/// The rule, shared by the literal check and the resolver.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    allowed: Arc<[Exception]>,
    proxied: bool,
}

impl Guard {
    pub(super) fn new(allowed: &[Exception], proxied: bool) -> Self {
        Self { allowed: allowed.into(), proxied }
    }

    /// Checks an address written as a number, for which no resolver is ever asked.
    pub(super) fn check_literal(&self, url: &Url) -> Result<(), String> {
        let ip: IpAddr = match url.host() {
            Some(Host::Ipv4(ip)) => ip.into(),
            Some(Host::Ipv6(ip)) => ip.into(),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err("the address has no host".to_owned()),
        };
        if self.proxied {
            return Ok(()); // the proxy dials, and refuses what it will
        }
        let target = SocketAddr::new(ip, url.port_or_known_default().unwrap_or_default());
        if is_public(ip) || self.allowed.contains(&Exception::Address(target)) { Ok(()) } else { Err(refusal(target)) }
    }

    /// The ports of allowed private addresses.
    pub(super) fn private_ports(&self) -> BTreeSet<u16> {
        self.allowed.iter().map(Exception::port).collect()
    }

    /// The rule for names that are dialled at this port: a resolver is not told the port of the URL it looks up for, so
    /// each port with exceptions has a resolver of its own, and all others have one without any.
    pub(super) fn at_port(&self, port: Option<u16>) -> Self {
        let allowed = self.allowed.iter().filter(|allowed| Some(allowed.port()) == port).cloned();
        Self { allowed: allowed.collect(), proxied: self.proxied }
    }

    /// What of a name's addresses may be dialled.
    fn filter(&self, name: &str, found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        let allowed = |ip: IpAddr| {
            self.allowed.iter().any(|allowed| match allowed {
                Exception::Address(allowed) => allowed.ip() == ip,
                Exception::Name(allowed, _) => allowed.eq_ignore_ascii_case(name),
            })
        };
        found.filter(|address| self.proxied || is_public(address.ip()) || allowed(address.ip())).collect()
    }
}

fn refusal(target: SocketAddr) -> String {
    format!("{target} is a private address; name it in fetch.allow_private if it is meant to be followed")
}

/// The system's resolver behind the [`Guard`].
#[derive(Debug)]
pub(super) struct GuardedResolver {
    guard: Guard,
}

impl GuardedResolver {
    pub(super) fn new(guard: Guard) -> Self {
        Self { guard }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let dialled = guard.filter(name.as_str(), found.iter().copied());
            match (dialled.is_empty(), found.first()) {
                (true, Some(first)) => Err(format!(
                    "{} is at {}, a private address; name it with its port in fetch.allow_private if it is meant to be followed",
                    name.as_str(),
                    first.ip()
                )
                .into()),
                _ => Ok(Box::new(dialled.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether an address is of the public internet (IANA special-purpose registries), also inside IPv6 forms of IPv4.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99);
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // Mapped, compatible and translated IPv4 (RFC 4291, RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => embedded(high, low),
        // Local NAT64, Teredo, ORCHID, documentation.
        [0x64, 0xff9b, ..] | [0x2001, 0..0x200 | 0xdb8, ..] | [0x3fff, ..] => false,
        // Global unicast is 2000::/3; everything else is local, multicast or not assigned.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        let public = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"];
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.0.1",
            "255.255.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "192.0.2.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
            "::ffff:0:127.0.0.1",
        ];
        for ip in public {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in private {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn numbers_in_every_spelling_are_checked_and_exceptions_are_exact() {
        let guard = Guard::new(&[Exception::parse("127.0.0.1:8700").unwrap()], false);
        let check = |url: &str, allowed: bool| {
            assert_eq!(guard.check_literal(&Url::parse(url).unwrap()).is_ok(), allowed, "{url}");
        };
        check("http://127.0.0.1:8700/x", true);
        check("http://127.0.0.1:8701/x", false);
        check("http://127.0.0.1/", false);
        check("http://2130706433/", false);
        check("http://0x7f.1/", false);
        check("http://[::ffff:127.0.0.1]:8700/", false);
        check("http://93.184.216.34/", true);
        check("http://example.org/", true);
    }

    #[test]
    fn a_name_that_leads_inside_is_dialled_only_at_its_allowed_port() {
        let guard = Guard::new(&[Exception::parse("127.0.0.1:8700").unwrap()], false);
        let found =
            ["127.0.0.1:0", "10.0.0.1:0", "93.184.216.34:0"].map(|address| address.parse::<SocketAddr>().unwrap());
        let dialled = |port| guard.at_port(port).filter("feeds.lan", found.into_iter());
        assert_eq!(dialled(Some(8700)), [found[0], found[2]]);
        assert_eq!(dialled(Some(8701)), [found[2]]);
        assert_eq!(dialled(None), [found[2]]);
    }

    #[test]
    fn a_name_may_be_an_exception_itself() {
        let guard = Guard::new(&[Exception::parse("Feeds.lan:80").unwrap()], false);
        let found = ["10.0.0.1:0"].map(|address| address.parse::<SocketAddr>().unwrap());
        assert_eq!(guard.at_port(Some(80)).filter("feeds.lan", found.into_iter()), found);
        assert_eq!(guard.at_port(Some(80)).filter("other.lan", found.into_iter()), []);
        assert_eq!(guard.at_port(Some(81)).filter("feeds.lan", found.into_iter()), []);
        for bad in ["feeds.lan", "10.0.0.1", "feeds.lan:", "feeds.lan:99999", "a b:80", ":80"] {
            assert_eq!(Exception::parse(bad), None, "{bad}");
        }
    }
}
