//! Addresses and ports: which are taken, told and sent from.

use super::house::*;
use crate::media::offer::Identity;
use crate::media::{MediaConfig, MediaError, MediaHandle};
use packets::PayloadType;
use protocol::wire::ClientKind;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use tokio::sync::mpsc;

#[test]
fn a_peer_hears_from_the_address_that_it_called_only() {
    let called = IpAddr::from([127, 0, 0, 2]);
    let mut house = House::at(Identity::new(), "0.0.0.0:0", Some(called));
    let publisher = house.publisher();
    let listener = house.join(key(1, 1), ClientKind::Native, (0, 1, true));
    for k in 0..10 {
        house.publish_heard(publisher, (k, 240 * k as u32), PayloadType::OPUS, &frame(1), &[(listener, 1)]);
    }
    assert!(house.handle.stats()[0].packets_direct > 0);
    let callers = house.clients.iter().flat_map(|client| &client.callers).collect::<BTreeSet<_>>();
    assert_eq!(callers.into_iter().collect::<Vec<_>>(), [&SocketAddr::new(called, house.bound.port())]);
}

#[test]
fn shards_take_consecutive_ports_when_the_system_chooses_the_first() {
    let config = MediaConfig { bind: "127.0.0.1:0".parse().unwrap(), shards: 4, advertise: None };
    let (_handle, bound) = MediaHandle::start(config, mpsc::channel(1).0).unwrap();
    let ports: Vec<u16> = bound.iter().map(SocketAddr::port).collect();
    assert_eq!(ports, (ports[0]..).take(4).collect::<Vec<_>>());
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let config = MediaConfig { bind: taken.local_addr().unwrap(), shards: 1, advertise: None };
    let error = MediaHandle::start(config, mpsc::channel(1).0).unwrap_err();
    assert!(error.to_string().contains("choose another"), "{error}");
    let config = MediaConfig { bind: "127.0.0.1:65535".parse().unwrap(), shards: 2, advertise: None };
    let error = MediaHandle::start(config, mpsc::channel(1).0).unwrap_err();
    assert!(matches!(error, MediaError::Ports { .. } | MediaError::Bind { .. }));
}
