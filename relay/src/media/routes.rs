//! Whose an address is, and the ways to one peer.

use super::socket::Route;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Validated addresses per peer: a client has a few interfaces and moves sometimes.
const MAX_ROUTES: usize = 16;
/// How long nothing may have come from an address before the good binding request of another peer gets it. A peer that
/// lives says something every 6 s (RFC 7675 section 5.1) and mostly more often; one that is gone is taken out after 15 s,
/// and its addresses are free at once then.
const SILENT: Duration = Duration::from_secs(10);

/// Whose each validated address is: a place in the table of peers.
#[derive(Debug, Default)]
pub(crate) struct Addresses(HashMap<SocketAddr, Holder>);

#[derive(Clone, Copy, Debug)]
struct Holder {
    at: usize,
    heard: Instant,
}

impl Addresses {
    /// Whose an address is that something comes from.
    pub(crate) fn hear(&mut self, now: Instant, address: SocketAddr) -> Option<usize> {
        let holder = self.0.get_mut(&address)?;
        holder.heard = now;
        Some(holder.at)
    }

    /// Gives an address to the peer that a good binding request from it was for; false while it is another one's.
    pub(crate) fn claim(&mut self, now: Instant, at: usize, address: SocketAddr) -> bool {
        let holder = self.0.entry(address).or_insert(Holder { at, heard: now });
        let is_free = holder.at == at || now.saturating_duration_since(holder.heard) >= SILENT;
        if is_free {
            *holder = Holder { at, heard: now };
        }
        is_free
    }

    /// An address is no longer this peer's; another one may hold it since.
    pub(crate) fn release(&mut self, at: usize, address: SocketAddr) {
        if self.0.get(&address).is_some_and(|holder| holder.at == at) {
            self.0.remove(&address);
        }
    }
}

/// The ways to the addresses that good binding requests for one peer came from, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    known: Vec<Route>,
    in_use: Option<SocketAddr>,
}

impl Routes {
    /// The way to an address.
    pub(crate) fn to(&self, to: SocketAddr) -> Route {
        self.known.iter().find(|route| route.to == to).copied().unwrap_or(Route { to, from: None })
    }

    /// Notes where the peer is sent what is no connectivity check: this address never gives way.
    pub(crate) fn set_in_use(&mut self, to: SocketAddr) {
        self.in_use = Some(to);
    }

    /// Notes a way that was proven; the address that gave way to it, if one had to: of those not in use the one that
    /// was proven longest ago.
    pub(crate) fn validate(&mut self, route: Route) -> Option<SocketAddr> {
        self.known.retain(|known| known.to != route.to);
        let surplus = (self.known.len() == MAX_ROUTES).then(|| self.oldest());
        let given_up = surplus.map(|at| self.known.remove(at).to);
        self.known.push(route);
        given_up
    }

    fn oldest(&self) -> usize {
        self.known.iter().position(|route| Some(route.to) != self.in_use).unwrap_or(0)
    }

    /// All addresses.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.known.iter().map(|route| route.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn route(port: u16) -> Route {
        Route { to: address(port), from: None }
    }

    #[test]
    fn an_address_is_given_away_when_it_has_been_silent_and_not_before() {
        let (mut addresses, start) = (Addresses::default(), Instant::now());
        assert!(addresses.claim(start, 1, address(9)));
        let heard = start + SILENT - Duration::from_nanos(1);
        assert!(!addresses.claim(heard, 2, address(9)));
        assert_eq!(addresses.hear(heard, address(9)), Some(1));
        assert!(!addresses.claim(heard + SILENT - Duration::from_nanos(1), 2, address(9)), "it has been heard since");
        assert!(addresses.claim(heard + SILENT, 2, address(9)));
        assert_eq!(addresses.hear(heard + SILENT, address(9)), Some(2));
        assert!(!addresses.claim(heard + SILENT, 1, address(9)));
    }

    #[test]
    fn an_address_whose_peer_is_gone_is_free_at_once_and_one_that_went_on_is_not_released() {
        let (mut addresses, now) = (Addresses::default(), Instant::now());
        addresses.claim(now, 1, address(9));
        addresses.release(2, address(9));
        assert!(!addresses.claim(now, 2, address(9)));
        addresses.release(1, address(9));
        assert_eq!(addresses.hear(now, address(9)), None);
        assert!(addresses.claim(now, 2, address(9)));
    }

    #[test]
    fn a_peer_moves_to_as_many_addresses_as_it_likes_and_the_one_in_use_stays() {
        let mut routes = Routes::default();
        routes.validate(route(1));
        routes.set_in_use(address(1));
        let given_up: Vec<u16> = (2..40).filter_map(|port| routes.validate(route(port))).map(|to| to.port()).collect();
        assert_eq!(given_up, (2..25).collect::<Vec<_>>());
        assert!(routes.addresses().count() == MAX_ROUTES && routes.addresses().any(|to| to == address(1)));
        routes.set_in_use(address(39));
        assert_eq!(routes.validate(route(40)), Some(address(1)), "after it moved");
    }

    #[test]
    fn an_address_that_is_proven_again_counts_as_new() {
        let mut routes = Routes::default();
        assert!((0..16).all(|port| routes.validate(route(port)).is_none()));
        let again = Route { from: Some([127, 0, 0, 2].into()), ..route(0) };
        assert_eq!(routes.validate(again), None);
        assert_eq!(routes.validate(route(16)), Some(address(1)));
        assert_eq!(routes.to(address(0)), again);
    }
}
