//! Any bytes give a value or an error, never a panic. Runs bounded with the suite; `cargo bolero test NAME` fuzzes on.

use packets::red::{Red, rewrite_pts};
use packets::{MAX_PACKET_TICKS, PayloadType, join, join_packets, split};

#[test]
fn any_bytes_split_or_are_refused() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(packet) = split(bytes) else { return };
        assert!(packet.duration() <= MAX_PACKET_TICKS);
        assert!(packet.frames().iter().map(|f| f.len()).sum::<usize>() < bytes.len());
        let mut out = vec![0; bytes.len() + 2];
        let len = join(packet.toc(), packet.frames(), &mut out).expect("what splits joins");
        let again = split(&out[..len]).expect("what joins splits");
        assert_eq!(again.frames(), packet.frames());
    });
}

#[test]
fn any_red_payload_is_read_or_refused() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(red) = Red::parse(bytes) else { return };
        let blocks: usize = red.redundant().chain([red.main()]).map(|b| b.payload.len()).sum();
        assert_eq!(blocks + 4 * red.depth() + 1, bytes.len());
        let mut out = vec![0; bytes.len()];
        for depth in 0..=red.depth() {
            let len = red.trim(depth, &mut out).expect("a trimmed payload is no longer");
            let trimmed = Red::parse(&out[..len]).expect("and still RED");
            assert!(trimmed.redundant().eq(red.redundant().skip(red.depth() - depth)));
            assert_eq!(trimmed.main(), red.main());
        }
        out.copy_from_slice(bytes);
        rewrite_pts(&mut out, PayloadType(109)).expect("it was read before");
        assert!(Red::parse(&out).expect("and can be after").redundant().all(|b| b.pt == PayloadType(109)));
    });
}

#[test]
fn any_packets_join_or_are_refused() {
    bolero::check!().with_type::<(Vec<u8>, Vec<u8>)>().for_each(|(a, b)| {
        let mut out = vec![0; a.len() + b.len() + 64];
        if let Ok(len) = join_packets(&[a, b], &mut out) {
            split(&out[..len]).expect("what joins splits");
        }
    });
}
