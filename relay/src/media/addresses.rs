//! Which addresses clients are told.

use super::MediaError;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The addresses of a socket's host candidates: the advertised one, else the bound one, else those of every interface.
pub(crate) fn host_addresses(bound: SocketAddr, advertise: Option<IpAddr>) -> Result<Vec<SocketAddr>, MediaError> {
    let ips = match advertise {
        Some(ip) => vec![ip],
        None if !bound.ip().is_unspecified() => vec![bound.ip()],
        None => interface_addresses(),
    };
    let reachable = |ip: &IpAddr| (bound.is_ipv6() || ip.is_ipv4()) && is_usable(*ip);
    let addresses: Vec<SocketAddr> =
        ips.into_iter().filter(reachable).map(|ip| SocketAddr::new(ip, bound.port())).collect();
    if addresses.is_empty() { Err(MediaError::NoAddress) } else { Ok(addresses) }
}

/// Whether an address can be told: link-local ones mean nothing on another machine.
fn is_usable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_link_local() && !ip.is_unspecified() && !ip.is_multicast(),
        IpAddr::V6(ip) => !ip.is_unicast_link_local() && !ip.is_unspecified() && !ip.is_multicast(),
    }
}

fn interface_addresses() -> Vec<IpAddr> {
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    let mut ips: Vec<IpAddr> = found.iter().map(|interface| interface.ip()).collect();
    if ips.is_empty() {
        ips.push(Ipv4Addr::LOCALHOST.into());
    }
    // Loopback last: it helps nobody but a client on the same machine.
    ips.sort_by_key(|ip| ip.is_loopback());
    ips
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bound: &str, advertise: Option<&str>) -> Vec<String> {
        let advertise = advertise.map(|ip| ip.parse().unwrap());
        let found = host_addresses(bound.parse().unwrap(), advertise).unwrap();
        found.iter().map(SocketAddr::to_string).collect()
    }

    #[test]
    fn the_advertised_address_goes_before_the_bound_one() {
        assert_eq!(told("127.0.0.1:9", None), ["127.0.0.1:9"]);
        assert_eq!(told("0.0.0.0:9", Some("203.0.113.7")), ["203.0.113.7:9"]);
    }

    #[test]
    fn an_unspecified_address_stands_for_every_interface() {
        assert!(told("0.0.0.0:9", None).contains(&"127.0.0.1:9".to_owned()));
    }

    #[test]
    fn an_address_that_clients_cannot_use_is_refused() {
        let none = host_addresses("127.0.0.1:9".parse().unwrap(), Some("0.0.0.0".parse().unwrap()));
        assert!(matches!(none, Err(MediaError::NoAddress)));
        let v6_on_v4 = host_addresses("0.0.0.0:9".parse().unwrap(), Some("2001:db8::1".parse().unwrap()));
        assert!(matches!(v6_on_v4, Err(MediaError::NoAddress)));
    }
}
