//! The deadline for reading a text.

use std::time::Instant;

use super::{Error, LATE};

/// How many steps pass between two looks at the clock.
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

    /// Checks the deadline, but not at every step.
    ///
    /// # Errors
    /// The deadline has passed.
    pub(super) fn look(&mut self) -> Result<(), Error> {
        self.spend(1)
    }

    /// Counts `steps`, and checks the deadline.
    ///
    /// # Errors
    /// The deadline has passed.
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
