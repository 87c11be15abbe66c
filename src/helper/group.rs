//! Ends a helper program together with everything that it starts.
//!
//! On Linux this takes a process group, as in coreutils' `timeout`. At a terminal that has a cost: Ctrl-C reaches only the terminal's
//! foreground group, and a program must be in it to ask for a password. So if this process has a terminal, the helper stays in its
//! group, as with `timeout --foreground`, and only the helper is killed. Without a terminal nobody can type, and the helper gets its
//! own group. Signals that end this process end that group too. On other systems only the helper is killed.

use std::process::Command;

#[cfg(not(target_os = "linux"))]
pub(super) use other::Group;

#[cfg(target_os = "linux")]
pub(super) struct Group {
    /// Whether the helper has a group of its own.
    own: bool,
    /// The group, while the helper runs.
    id: Option<rustix::process::Pid>,
}

#[cfg(target_os = "linux")]
impl Group {
    /// Decides which group the helper will be in.
    pub(super) fn prepare(command: &mut Command) -> Self {
        use std::os::unix::process::CommandExt as _;
        let own = std::fs::File::open("/dev/tty").is_err() && signals::hold();
        if own {
            command.process_group(0);
        }
        Self { own, id: None }
    }

    /// Records the helper that has started.
    pub(super) fn begin(&mut self, helper: Option<u32>) {
        let id = helper.and_then(|id| i32::try_from(id).ok());
        self.id = id.and_then(rustix::process::Pid::from_raw).filter(|_| self.own);
    }

    /// Lets the processes that the helper has left running go on.
    pub(super) fn leave(mut self) {
        self.id = None;
    }

    /// Waits for a signal that ends this process, and sends it to the group first.
    pub(super) async fn pass_signals_on(&self) {
        let Some(id) = self.id else {
            return std::future::pending().await;
        };
        let signal = signals::next().await;
        if let Some(signal) = rustix::process::Signal::from_named_raw(signal) {
            let _ = rustix::process::kill_process_group(id, signal);
        }
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
}

#[cfg(target_os = "linux")]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            // The group may be empty.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
        if self.own {
            signals::release();
        }
    }
}

/// The signals that end this process.
///
/// While a helper has its own group, a signal waits a moment to be passed on. Before and after, it has its default effect. An
/// ignored signal, as under `nohup`, stays ignored.
#[cfg(target_os = "linux")]
mod signals {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, OnceLock};
    use std::time::Duration;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::flag;

    const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

    /// How long a signal may wait.
    const POLL: Duration = Duration::from_millis(10);

    struct State {
        /// Whether no helper has its own group.
        idle: Arc<AtomicBool>,
        /// The last signal, 0 for none.
        seen: Arc<AtomicUsize>,
        helpers: AtomicUsize,
    }

    static STATE: OnceLock<Option<State>> = OnceLock::new();

    /// Makes signals wait. Returns false when that fails.
    pub(super) fn hold() -> bool {
        let Some(state) = STATE.get_or_init(|| listen().ok()) else {
            return false;
        };
        state.helpers.fetch_add(1, Ordering::SeqCst);
        state.idle.store(false, Ordering::SeqCst);
        true
    }

    /// Stops signals from waiting after the last helper.
    pub(super) fn release() {
        if let Some(Some(state)) = STATE.get() {
            let left = state.helpers.fetch_sub(1, Ordering::SeqCst) - 1;
            state.idle.store(left == 0, Ordering::SeqCst);
        }
    }

    /// Waits for a signal.
    pub(super) async fn next() -> i32 {
        loop {
            let seen = STATE
                .get()
                .and_then(Option::as_ref)
                .map_or(0, |state| state.seen.load(Ordering::SeqCst));
            match i32::try_from(seen) {
                Ok(signal) if signal != 0 => return signal,
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    fn listen() -> std::io::Result<State> {
        let state = State {
            idle: Arc::new(AtomicBool::new(true)),
            seen: Arc::default(),
            helpers: AtomicUsize::new(0),
        };
        let ignored = ignored();
        for signal in ENDING {
            if ignored & (1 << (signal - 1)) == 0 {
                flag::register_conditional_default(signal, Arc::clone(&state.idle))?;
                flag::register_usize(
                    signal,
                    Arc::clone(&state.seen),
                    usize::try_from(signal).unwrap_or_default(),
                )?;
            }
        }
        Ok(state)
    }

    /// Returns the signals that this process ignores; the lowest bit is signal 1: `SigIgn` of proc(5).
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .unwrap_or_default()
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use super::Command;

    /// Only the helper, which tokio kills.
    pub(crate) struct Group;

    #[expect(clippy::unused_self, reason = "as on Linux")]
    impl Group {
        pub(crate) fn prepare(_: &mut Command) -> Self {
            Self
        }

        pub(crate) fn begin(&mut self, _: Option<u32>) {}

        pub(crate) fn leave(self) {}

        pub(crate) async fn pass_signals_on(&self) {
            std::future::pending().await
        }
    }
}
