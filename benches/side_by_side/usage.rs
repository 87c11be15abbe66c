//! The processor time of the children that have ended, in user and system mode.

use std::time::Duration;

/// Returns it for all children of this process so far; `None` where the system does not report it.
#[cfg(target_os = "linux")]
pub(crate) fn of_children() -> Option<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    let microseconds = |seconds: i64, more: i64| u64::try_from(seconds * 1_000_000 + more).ok();
    let user = microseconds(usage.user_time().tv_sec(), usage.user_time().tv_usec())?;
    let system = microseconds(usage.system_time().tv_sec(), usage.system_time().tv_usec())?;
    Some(Duration::from_micros(user + system))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn of_children() -> Option<Duration> {
    None
}
