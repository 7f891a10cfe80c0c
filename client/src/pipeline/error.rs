use crate::device::DeviceError;
use codec::opus::OpusError;

/// Why sound does not flow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The device or file is at fault.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The stream's settings cannot be encoded, or libopus failed.
    #[error(transparent)]
    Opus(#[from] OpusError),
    /// No thread could be started.
    #[error("no thread for sound could be started ({0}): close other programs and try again")]
    Thread(#[from] std::io::Error),
    /// A sound thread ended before it had begun.
    #[error("a sound thread died at its start: please report this")]
    ThreadDied,
    /// The output file cannot be written.
    #[error(transparent)]
    Output(#[from] sound_files::WriteError),
    /// The jitter buffer cannot be made for the output's rate.
    #[error(transparent)]
    Rate(#[from] codec::resample::ResampleError),
    /// The playout thread does not answer.
    #[error("the sound output does not answer: choose another output device, or restart this program")]
    Stalled,
    /// More sources than can be mixed.
    #[error("{0} sources play already: ask somebody to stop talking, or leave a stream out")]
    TooManySources(usize),
}
