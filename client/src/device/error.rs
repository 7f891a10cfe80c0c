use crate::source::SourceError;

/// Why sound cannot be captured from or played to where the user asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has this name.
    #[error("there is no {direction} device {wanted:?}: there is {available}; `farfield devices` shows more")]
    Missing {
        /// `input` or `output`.
        direction: &'static str,
        /// The name as given.
        wanted: String,
        /// The names that there are.
        available: String,
    },
    /// The system has no device for this direction.
    #[error("this machine has no {0} device: connect one, or use `jack`, `file:PATH` or `null`")]
    NoDefault(&'static str),
    /// The pick names a channel that the device lacks.
    #[error("{device:?} has {available} channels, so @{picked} cannot be picked: choose from 1 to {available}")]
    NoChannel {
        /// Name of the device.
        device: String,
        /// Channels that it has.
        available: u16,
        /// Channels that were asked for.
        picked: String,
    },
    /// The device's driver refused.
    #[error("{device:?} cannot be opened ({cause}): close other programs that use it, or choose another device")]
    Refused {
        /// Name of the device.
        device: String,
        /// The driver's words.
        cause: String,
    },
    /// The operating system's sound interface is not there at all.
    #[error("the system's sound service cannot be reached ({0}): start it, or use `jack`, `file:PATH` or `null`")]
    NoHost(String),
    /// libjack is not on this machine.
    #[error("JACK is not installed here: install jackd2 or pipewire-jack, or use `device` instead")]
    JackAbsent,
    /// There is no server to connect to.
    #[error("no JACK server is running: start one (`jackd -d alsa`, or PipeWire), or use `device` instead")]
    JackNotRunning,
    /// The JACK client to connect to has no fitting ports.
    #[error("JACK has no ports of {wanted:?} to connect to: start it, or name another after `jack:` ({available})")]
    JackNoPorts {
        /// The client's name as given.
        wanted: String,
        /// Clients that have fitting ports.
        available: String,
    },
    /// The JACK server refused.
    #[error("JACK refused ({0}): restart its server and try again")]
    Jack(String),
    /// A sound file cannot be opened.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The device runs at a rate that cannot be brought to 48 kHz.
    #[error(transparent)]
    Rate(#[from] codec::resample::ResampleError),
    /// An output device came back at another rate than it had.
    #[error("{0:?} came back at another sample rate: restart this program, or set the device to its old rate")]
    RateChanged(String),
    /// No thread could be started.
    #[error("no thread for sound could be started ({0}): close other programs and try again")]
    Thread(#[from] std::io::Error),
}
