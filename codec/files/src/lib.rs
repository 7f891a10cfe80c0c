//! Sound files of the house: broadcast WAV and RF64, written so that a kill at any moment leaves a valid file and read
//! so that a damaged one gives what it still holds; peaks for drawing; the hash over samples that names a take's audio.
//!
//! *Absent*: compressed formats (the client decodes those), resampling, clocks. Everything works over any
//! `Read`/`Write` + `Seek`; the conveniences over a path are the only place that opens files.
//!
//! ```
//! use sound_files::{SampleFormat, WavReader, WavSpec, WavWriter};
//! use std::io::Cursor;
//! use units::{SampleCount, SampleRate};
//!
//! let spec = WavSpec { rate: SampleRate(48_000), channels: 2, format: SampleFormat::I24 };
//! let mut writer = WavWriter::new(Cursor::new(Vec::new()), spec).unwrap();
//! writer.write(&[0.5, -0.5, 0.25, -0.25]).unwrap();
//! let file = writer.finish().unwrap();
//!
//! let mut reader = WavReader::new(file).unwrap();
//! assert_eq!(reader.frames(), SampleCount(2));
//! let mut block = [0.0; 8];
//! assert_eq!(reader.read(&mut block).unwrap(), 2);
//! assert_eq!(&block[..4], &[0.5, -0.5, 0.25, -0.25]);
//! ```

mod bext;
mod chunks;
mod format;
mod hash;
mod header;
mod peaks;
mod read;
mod repair;
mod write;

pub use bext::Bext;
pub use format::{SampleFormat, WavSpec};
pub use hash::{PcmHash, PcmHasher};
pub use peaks::{Peak, Peaks};
pub use read::{ReadError, Truncated, WavReader};
pub use repair::{RepairError, Repaired, repair};
pub use write::{WavWriter, WriteError};

#[cfg(test)]
mod tests;
