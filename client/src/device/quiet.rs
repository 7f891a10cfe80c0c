//! ALSA's library writes its complaints straight to the terminal; here they go nowhere.

/// Keeps ALSA quiet on the calling thread; the errors themselves still come back through `cpal`.
#[cfg(target_os = "linux")]
pub(super) fn alsa_is_quiet() -> impl Sized {
    alsa::Output::local_error_handler().ok()
}

/// Nothing complains by itself on other systems.
#[cfg(not(target_os = "linux"))]
pub(super) fn alsa_is_quiet() -> impl Sized {}
