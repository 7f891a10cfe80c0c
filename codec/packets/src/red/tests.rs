use super::*;
use crate::{Toc, join_packets, split};
use proptest::prelude::*;

const OPUS: PayloadType = PayloadType::OPUS;

fn block(offset: i64, payload: &[u8]) -> Block<'_> {
    Block { pt: OPUS, offset: Ticks(offset), payload }
}

fn built(redundant: &[Block<'_>], main: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 20_000];
    let len = build(redundant, OPUS, main, &mut out).unwrap();
    out.truncate(len);
    out
}

/// The byte recipe of the traps page, written down as it stands there: (PT, offset, length) per header, then the main PT.
fn recipe(b: &[u8]) -> (Vec<(u8, usize, usize)>, u8, usize) {
    let (mut i, mut blocks) = (0, Vec::new());
    while b[i] & 0x80 != 0 {
        let (offset, length) =
            ((b[i + 1] as usize) << 6 | (b[i + 2] >> 2) as usize, (b[i + 2] as usize & 3) << 8 | b[i + 3] as usize);
        blocks.push((b[i] & 0x7f, offset, length));
        i += 4;
    }
    (blocks, b[i], i + 1)
}

#[test]
fn a_payload_has_the_bytes_of_rfc_2198() {
    // 240 = 0b00_0000_0011_110000: eight bits, then six above the top two of the length 2.
    let payload = built(&[block(240, &[0xEC, 1])], &[0xEC, 2, 3]);
    assert_eq!(payload, [0x80 | 111, 3, 0xC0, 2, 111, 0xEC, 1, 0xEC, 2, 3]);
}

#[test]
fn limits_hold_on_both_sides() {
    let long = [0; 1024];
    let out = &mut [0; 2000];
    assert!(build(&[block(16_383, &long[..1023])], OPUS, &[1], out).is_ok());
    assert_eq!(build(&[block(0, &long)], OPUS, &[1], out), Err(BuildError::BlockTooLong(1024)));
    assert_eq!(build(&[block(16_384, &[1])], OPUS, &[1], out), Err(BuildError::Offset(Ticks(16_384))));
    assert_eq!(build(&[block(-1, &[1])], OPUS, &[1], out), Err(BuildError::Offset(Ticks(-1))));
    assert!(build(&[block(1, &[1]); 16], OPUS, &[1], out).is_ok());
    assert_eq!(build(&[block(1, &[1]); 17], OPUS, &[1], out), Err(BuildError::TooManyBlocks(17)));
    assert_eq!(build(&[block(1, &[1])], OPUS, &[1], &mut out[..7]), Ok(7));
    assert_eq!(build(&[block(1, &[1])], OPUS, &[1], &mut out[..6]), Err(BuildError::OutputTooShort { needed: 7 }));
}

#[test]
fn payloads_cut_short_are_errors() {
    let payload = built(&[block(240, &[1, 2])], &[]);
    assert!(Red::parse(&payload).is_ok(), "an empty main block is the reader's to judge");
    for cut in 0..payload.len() {
        let expected = if cut < 5 { RedError::HeaderTruncated } else { RedError::BlockTruncated };
        assert_eq!(Red::parse(&payload[..cut]), Err(expected), "cut at {cut}");
    }
    assert!(Red::parse(&[&[0x80, 0, 0, 0].repeat(16)[..], &[111]].concat()).is_ok());
    assert_eq!(Red::parse(&[&[0x80, 0, 0, 0].repeat(17)[..], &[111]].concat()), Err(RedError::TooManyBlocks));
}

#[test]
fn trimming_keeps_the_blocks_next_to_the_main_one() {
    let payload = built(&[block(480, &[1]), block(240, &[2, 2])], &[3, 3, 3]);
    let red = Red::parse(&payload).unwrap();
    let mut out = [0; 64];
    let len = red.trim(1, &mut out).unwrap();
    assert_eq!(out[..len], built(&[block(240, &[2, 2])], &[3, 3, 3]));
    let len = red.trim(0, &mut out).unwrap();
    assert_eq!(out[..len], [111, 3, 3, 3]);
    let len = red.trim(9, &mut out).unwrap();
    assert_eq!(out[..len], payload);
    assert_eq!(red.trim(0, &mut out[..3]), Err(BuildError::OutputTooShort { needed: 4 }));
}

#[test]
fn every_block_takes_the_leg_s_payload_type() {
    let mut payload = built(&[block(480, &[111]), block(240, &[111])], &[111]);
    rewrite_pts(&mut payload, PayloadType(109)).unwrap();
    let red = Red::parse(&payload).unwrap();
    let pts: Vec<_> = red.redundant().chain([red.main()]).map(|b| (b.pt.0, b.payload[0])).collect();
    assert_eq!(pts, [(109, 111), (109, 111), (109, 111)]);
}

/// The worked example of the design: 5 ms frames, packet 2 of 0…3 is lost, a leg without RED gets pairs.
#[test]
fn a_lost_packet_is_rebuilt_from_the_next_one_for_a_leg_without_red() {
    let main: Vec<Vec<u8>> = (0..4).map(|k| vec![0xEC, k, k, k]).collect();
    let lite: Vec<Vec<u8>> = (0..4).map(|k| vec![0xEC, 0x10 | k]).collect();
    let packet = |k: usize| built(&[block(240, &lite[k - 1])], &main[k]);
    let (zero, one, three) = (built(&[], &main[0]), packet(1), packet(3));

    let (zero, one, three) = (Red::parse(&zero).unwrap(), Red::parse(&one).unwrap(), Red::parse(&three).unwrap());
    let (mut first, mut second) = ([0; 64], [0; 64]);
    let len = join_packets(&[zero.main().payload, one.main().payload], &mut first).unwrap();
    assert_eq!(split(&first[..len]).unwrap().frames(), [&main[0][1..], &main[1][1..]]);

    let copy = three.redundant().last().unwrap();
    assert_eq!(copy.offset, Ticks(240), "lite f2 lives at 720 − 240");
    let len = join_packets(&[copy.payload, three.main().payload], &mut second).unwrap();
    let group = split(&second[..len]).unwrap();
    assert_eq!(group.frames(), [&lite[2][1..], &main[3][1..]]);
    assert_eq!((group.toc(), group.duration()), (Toc(0xEC | 2), Ticks(480)));
}

proptest! {
    #[test]
    fn what_is_built_parses_into_the_same_blocks(
        blocks in prop::collection::vec((0u8..128, 0i64..16_384, prop::collection::vec(any::<u8>(), 0..1024)), 0..16),
        main in prop::collection::vec(any::<u8>(), 0..1276), pt in 0u8..128,
    ) {
        let blocks: Vec<_> = blocks.iter()
            .map(|(pt, offset, payload)| Block { pt: PayloadType(*pt), offset: Ticks(*offset), payload }).collect();
        let mut out = vec![0; 20_000];
        let len = build(&blocks, PayloadType(pt), &main, &mut out).unwrap();
        prop_assert_eq!(len, payload_len(blocks.iter().map(|b| b.payload.len()), main.len()));
        let red = Red::parse(&out[..len]).unwrap();
        prop_assert_eq!(red.depth(), blocks.len());
        prop_assert_eq!(red.redundant().collect::<Vec<_>>(), blocks);
        prop_assert_eq!(red.main(), Block { pt: PayloadType(pt), offset: Ticks(0), payload: &main });
    }

    #[test]
    fn parsing_follows_the_byte_recipe(
        lens in prop::collection::vec((0usize..16_384, 0usize..1024), 0..16), main in 0usize..100,
    ) {
        let bytes = [5; 1024];
        let blocks: Vec<_> = lens.iter().map(|(offset, len)| block(*offset as i64, &bytes[..*len])).collect();
        let payload = built(&blocks, &bytes[..main]);
        let (headers, main_pt, blocks_at) = recipe(&payload);
        prop_assert_eq!(main_pt, 111);
        let total: usize = lens.iter().map(|(_, len)| len).sum();
        prop_assert_eq!(payload.len(), blocks_at + total + main);
        let read: Vec<_> = Red::parse(&payload).unwrap().redundant()
            .map(|b| (b.pt.0, b.offset.0 as usize, b.payload.len())).collect();
        prop_assert_eq!(headers, read);
    }
}
