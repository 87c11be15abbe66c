//! A command's options, which clap builds only for the command on the line.
//!
//! Owns how the options of every command stand before and after the command. clap's own global options would be copied into each
//! command at each start, which costs more than a local lookup. Must not know what an option means.

use std::ops::Deref;

use clap::error::Error;
use clap::{ArgMatches, Args, Command, FromArgMatches, Id};

use crate::options::GlobalArgs;

/// The options of one command, and the options of every command that stand after its name.
#[derive(Debug)]
pub struct Deferred<T> {
    /// The options of every command.
    pub(crate) global: GlobalArgs,
    /// The command's own.
    own: T,
}

/// Adds the options at once, for a caller that changes them.
pub(super) fn in_full<T: Args>(command: Command) -> Command {
    // clap would otherwise add them a second time.
    build::<T>(command).defer(|command| command)
}

/// Adds the options. The texts about the command are its variant's, not those of the types of its options.
fn build<T: Args>(command: Command) -> Command {
    let about = command.get_about().cloned().unwrap_or_default();
    let command = GlobalArgs::augment_args(T::augment_args(command));
    command.about(about).long_about(None)
}

impl<T: Args> Args for Deferred<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(build::<T>)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }

    fn group_id() -> Option<Id> {
        None
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        Ok(Self {
            global: GlobalArgs::from_arg_matches_mut(matches)?,
            own: T::from_arg_matches_mut(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<T> Deref for Deferred<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.own
    }
}
