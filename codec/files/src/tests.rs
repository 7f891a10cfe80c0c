use super::*;
use proptest::prelude::*;
use std::io::{self, Cursor, ErrorKind, Seek, SeekFrom, Write};
use units::{SampleCount, SampleRate};

fn spec(format: SampleFormat, channels: u16) -> WavSpec {
    WavSpec { rate: SampleRate(48_000), channels, format }
}

fn written(spec: WavSpec, bext: Option<Bext>, limit: u64, samples: &[f32]) -> Vec<u8> {
    let mut writer = WavWriter::build(Cursor::new(Vec::new()), spec, bext, limit).unwrap();
    writer.write(samples).unwrap();
    writer.finish().unwrap().into_inner()
}

fn all(reader: &mut WavReader<Cursor<Vec<u8>>>) -> Vec<f32> {
    let channels = usize::from(reader.spec().channels);
    let mut out = vec![0.0; (reader.frames().0 as usize + 3) * channels];
    let frames = reader.read(&mut out).unwrap();
    out.truncate(frames * channels);
    out
}

fn read(bytes: Vec<u8>) -> Vec<f32> {
    all(&mut WavReader::new(Cursor::new(bytes)).unwrap())
}

/// Remembers every write, so that a kill after any of them (or within one) can be replayed.
#[derive(Default)]
struct Disk {
    at: u64,
    writes: Vec<(u64, Vec<u8>)>,
    room: Option<usize>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(self.room.unwrap_or(usize::MAX));
        if n == 0 && !bytes.is_empty() {
            return Err(ErrorKind::StorageFull.into());
        }
        self.room = self.room.map(|room| room - n);
        self.writes.push((self.at, bytes[..n].to_vec()));
        self.at += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else { return Err(ErrorKind::Unsupported.into()) };
        self.at = at;
        Ok(at)
    }
}

fn replay(writes: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    for (at, bytes) in writes {
        file.seek(SeekFrom::Start(*at)).unwrap();
        file.write_all(bytes).unwrap();
    }
    file.into_inner()
}

#[test]
fn a_kill_after_any_write_leaves_a_valid_file_with_every_finished_block() {
    for (format, channels, limit) in
        [(SampleFormat::I24, 1, u64::MAX), (SampleFormat::F32, 2, u64::MAX), (SampleFormat::I16, 2, 150)]
    {
        let mut writer = WavWriter::build(Disk::default(), spec(format, channels), None, limit).unwrap();
        let block: Vec<f32> = (1..=6).map(|i| i as f32 / 8.0).collect();
        (0..5).for_each(|_| writer.write(&block).unwrap());
        let disk = writer.finish().unwrap();
        assert_eq!(disk.writes.len(), 1 + 5 * 2);
        for killed_after in 1..=disk.writes.len() {
            let mut reader = WavReader::new(Cursor::new(replay(&disk.writes[..killed_after]))).unwrap();
            assert_eq!(reader.truncated(), None);
            assert_eq!(all(&mut reader), block.repeat((killed_after - 1) / 2), "{format:?} after write {killed_after}");
        }
    }
}

#[test]
fn a_kill_within_an_append_keeps_the_blocks_before() {
    let mut writer = WavWriter::new(Disk::default(), spec(SampleFormat::I24, 1)).unwrap();
    (0..3).for_each(|_| writer.write(&[0.5, 0.25, -0.5]).unwrap());
    let mut writes = writer.finish().unwrap().writes;
    writes.truncate(6);
    let (at, last) = writes.pop().unwrap();
    for cut in 0..last.len() {
        let mut file = writes.clone();
        file.push((at, last[..cut].to_vec()));
        assert_eq!(read(replay(&file)), [0.5, 0.25, -0.5, 0.5, 0.25, -0.5]);
    }
}

#[test]
fn a_full_disk_is_said_and_leaves_what_was_written() {
    let disk = Disk { room: Some(300), ..Disk::default() };
    let mut writer = WavWriter::new(disk, spec(SampleFormat::F32, 2)).unwrap();
    writer.write(&[0.5, -0.5]).unwrap();
    let full = writer.write(&[0.25; 200]).unwrap_err();
    assert!(matches!(full, WriteError::Full), "{full}");
    assert_eq!(writer.frames(), SampleCount(1));
    assert_eq!(read(replay(&writer.finish().unwrap().writes)), [0.5, -0.5]);
}

#[test]
fn a_block_whose_header_could_not_be_written_does_not_count() {
    let disk = Disk { room: Some(2 * 112 + 8 + 8 + 50), ..Disk::default() };
    let mut writer = WavWriter::new(disk, spec(SampleFormat::F32, 2)).unwrap();
    writer.write(&[0.5, -0.5]).unwrap();
    assert!(matches!(writer.write(&[0.25, 0.25]), Err(WriteError::Full)));
    assert_eq!(writer.frames(), SampleCount(1));
}

#[test]
fn past_the_limit_the_reserved_chunk_becomes_ds64_and_nothing_moves() {
    let samples = [0.5, -0.5, 0.25, -0.25];
    let small = written(spec(SampleFormat::I16, 2), None, 97, &samples);
    let large = written(spec(SampleFormat::I16, 2), None, 80, &samples);
    assert_eq!((&small[..4], &small[12..16]), (&b"RIFF"[..], &b"JUNK"[..]));
    assert_eq!((&large[..4], &large[12..16]), (&b"RF64"[..], &b"ds64"[..]));
    assert_eq!((&large[4..8], small.len()), (&[0xFF; 4][..], large.len()));
    assert_eq!((read(small), read(large)), (samples.to_vec(), samples.to_vec()));
}

#[test]
fn the_riff_size_is_the_file_less_eight_up_to_the_limit_and_no_further() {
    let file = written(spec(SampleFormat::U8, 1), None, u64::from(u32::MAX), &[0.0; 3]);
    let riff_bytes = u32::from_le_bytes(file[4..8].try_into().unwrap());
    assert_eq!((riff_bytes as usize, file.len() % 2), (file.len() - 8, 0));
    assert_eq!(&written(spec(SampleFormat::U8, 1), None, u64::from(riff_bytes) + 1, &[0.0; 3])[..4], b"RIFF");
    assert_eq!(&written(spec(SampleFormat::U8, 1), None, u64::from(riff_bytes), &[0.0; 3])[..4], b"RF64");
}

#[test]
fn the_format_is_extensible_above_sixteen_bits_or_two_channels() {
    let tag = |format, channels| {
        let file = written(spec(format, channels), None, u64::MAX, &[]);
        u16::from_le_bytes(file[56..58].try_into().unwrap())
    };
    assert_eq!((tag(SampleFormat::U8, 2), tag(SampleFormat::I16, 2)), (1, 1));
    assert_eq!(
        (tag(SampleFormat::I16, 3), tag(SampleFormat::I24, 1), tag(SampleFormat::F32, 2)),
        (0xFFFE, 0xFFFE, 0xFFFE)
    );
}

#[test]
fn a_cut_file_gives_what_it_holds_and_says_so() {
    let mut file = written(spec(SampleFormat::F32, 2), None, u64::MAX, &[0.5; 20]);
    file.truncate(file.len() - 5 * 8 - 3);
    let mut reader = WavReader::new(Cursor::new(file)).unwrap();
    let truncated = reader.truncated().unwrap();
    assert_eq!(truncated, Truncated { declared: SampleCount(10), present: SampleCount(4) });
    assert!(truncated.to_string().contains("4 of 10 samples"));
    assert_eq!(all(&mut reader), [0.5; 8]);
}

#[test]
fn a_file_whose_writer_never_filled_in_the_sizes_is_read_to_its_end() {
    for size in [0u32, u32::MAX] {
        let mut file = written(spec(SampleFormat::I16, 2), None, u64::MAX, &[0.5; 6]);
        let data_at = file.len() - 12;
        file[4..8].copy_from_slice(&size.to_le_bytes());
        file[data_at - 4..data_at].copy_from_slice(&size.to_le_bytes());
        let mut reader = WavReader::new(Cursor::new(file)).unwrap();
        assert_eq!((reader.truncated(), all(&mut reader)), (None, vec![0.5; 6]));
    }
}

#[test]
fn what_is_no_wav_is_refused_in_words() {
    let error = |bytes: &[u8]| WavReader::new(Cursor::new(bytes.to_vec())).err().unwrap();
    assert!(matches!(error(b""), ReadError::Empty));
    assert!(matches!(error(b"RIFF"), ReadError::NotWav));
    assert!(matches!(error(b"OggS\0\0\0\0\0\0\0\0\0\0\0\0"), ReadError::NotWav));
    assert!(matches!(error(b"RIFF\x04\0\0\0WAVE"), ReadError::NoFormat));
    let whole = written(spec(SampleFormat::I16, 2), None, u64::MAX, &[0.5; 4]);
    assert!(matches!(error(&whole[..60]), ReadError::NoFormat));
    assert!(matches!(error(&whole[..73]), ReadError::NoData));
    let mut odd = whole.clone();
    odd[56] = 0x11;
    let told = error(&odd);
    assert!(told.to_string().contains("format tag 17, 16 bits"), "{told}");
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart_from_sound() {
    let folder = tempfile::tempdir().unwrap();
    let missing = WavReader::open(folder.path().join("no.wav")).err().unwrap();
    assert!(missing.to_string().contains("no.wav"), "{missing}");
    assert!(WavReader::open(folder.path()).is_err());
    let refused = WavWriter::create(folder.path().join("no/such.wav"), spec(SampleFormat::I16, 2)).err().unwrap();
    assert!(matches!(refused, WriteError::Create { .. }), "{refused}");
}

#[test]
fn a_file_on_disk_holds_each_block_as_soon_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.wav");
    let mut writer = WavWriter::create(&path, spec(SampleFormat::F32, 2)).unwrap();
    for blocks in 1..4 {
        writer.write(&[0.5, -0.25]).unwrap();
        assert_eq!(WavReader::open(&path).unwrap().frames(), SampleCount(blocks));
    }
    writer.sync().unwrap();
}

#[test]
fn half_a_frame_and_impossible_formats_are_refused() {
    let mut writer = WavWriter::new(Cursor::new(Vec::new()), spec(SampleFormat::I16, 2)).unwrap();
    assert!(matches!(writer.write(&[0.0; 3]), Err(WriteError::PartialFrame { samples: 3, channels: 2 })));
    for (channels, format) in [(0, SampleFormat::I16), (40_000, SampleFormat::I16)] {
        assert!(matches!(WavWriter::new(Cursor::new(Vec::new()), spec(format, channels)), Err(WriteError::Spec)));
    }
}

fn formats() -> impl Strategy<Value = SampleFormat> {
    use SampleFormat::*;
    prop_oneof![Just(U8), Just(I16), Just(I24), Just(I32), Just(F32), Just(F64)]
}

fn tolerance(format: SampleFormat) -> f32 {
    match format {
        SampleFormat::U8 => 1.0 / 128.0,
        SampleFormat::I16 => 1.0 / 32_768.0,
        SampleFormat::I24 | SampleFormat::I32 => 1.0 / 8_388_608.0,
        SampleFormat::F32 | SampleFormat::F64 => 0.0,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        format in formats(), channels in 1u16..9, rate in 1u32..400_000, large: bool, with_bext: bool,
        samples in proptest::collection::vec(-1.0f32..1.0, 0..600), cut in 1usize..40, skip in 0usize..30,
    ) {
        let whole = samples.len() / usize::from(channels) * usize::from(channels);
        let samples = &samples[..whole];
        let spec = WavSpec { rate: SampleRate(rate), channels, format };
        let bext = with_bext.then(|| Bext { description: "Blue hour".into(), time_reference: SampleCount(7), ..Bext::default() });
        let limit = if large { 0 } else { u64::MAX };
        let mut writer = WavWriter::build(Cursor::new(Vec::new()), spec, bext.clone(), limit).unwrap();
        for block in samples.chunks(cut * usize::from(channels)) {
            writer.write(block).unwrap();
        }
        let mut reader = WavReader::new(writer.finish().unwrap()).unwrap();
        prop_assert_eq!((reader.spec(), reader.bext(), reader.truncated()), (&spec, bext.as_ref(), None));
        let back = all(&mut reader);
        prop_assert_eq!(back.len(), samples.len());
        prop_assert!(back.iter().zip(samples).all(|(a, b)| (a - b).abs() <= tolerance(format)));
        reader.seek(SampleCount(skip as u64));
        prop_assert_eq!(&all(&mut reader), &back[back.len().min(skip * usize::from(channels))..]);
    }

    #[test]
    fn foreign_bytes_never_panic_and_never_make_sound_out_of_nothing(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), riff: bool) {
        if riff && bytes.len() >= 12 {
            bytes[..4].copy_from_slice(b"RIFF");
            bytes[8..12].copy_from_slice(b"WAVE");
        }
        let length = bytes.len();
        if let Ok(mut reader) = WavReader::new(Cursor::new(bytes)) {
            prop_assert!(all(&mut reader).len() <= length);
        }
    }

    #[test]
    fn a_damaged_header_never_panics(
        format in formats(), flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut: prop::sample::Index,
    ) {
        let mut file = written(spec(format, 2), None, 0, &[0.25; 64]);
        for (at, value) in flips {
            let at = at.index(file.len().min(130));
            file[at] = value;
        }
        file.truncate(1 + cut.index(file.len()));
        let length = file.len();
        if let Ok(mut reader) = WavReader::new(Cursor::new(file)) {
            prop_assert!(all(&mut reader).len() <= length);
        }
    }
}
