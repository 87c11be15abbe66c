//! The time that reading a text may take.

use std::time::Instant;

use super::{Error, LATE};

/// After how many steps the time is looked at.
const STEPS_BETWEEN_LOOKS: u32 = 1024;

/// A deadline, if there is one.
pub(super) struct Clock {
    deadline: Option<Instant>,
    steps_left: u32,
}

impl Clock {
    pub(super) fn new(deadline: Option<Instant>) -> Self {
        Self {
            deadline,
            steps_left: STEPS_BETWEEN_LOOKS,
        }
    }

    /// Looks at the time, but not at every step.
    ///
    /// # Errors
    /// The time is over.
    pub(super) fn look(&mut self) -> Result<(), Error> {
        self.spend(1)
    }

    /// Looks at the time after work of so many steps.
    ///
    /// # Errors
    /// The time is over.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Error> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.steps_left = self.steps_left.saturating_sub(steps);
        if self.steps_left == 0 {
            self.steps_left = STEPS_BETWEEN_LOOKS;
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Error {
                    line: None,
                    what: LATE,
                });
            }
        }
        Ok(())
    }
}
