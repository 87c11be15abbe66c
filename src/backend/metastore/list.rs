//! The names in Airflow's database: the key column of a table, and whose rows they are. No value is read.

use super::database::{Column, Row, Table, Wanted};
use super::{MetastoreBackend, RowAddress, record, table};
use crate::backend::listed::located;
use crate::error::Result;
use crate::listing::{Listed, Listing, Names, Scope};

impl MetastoreBackend {
    /// Returns the names of the scope's kind that its team gets.
    ///
    /// # Errors
    /// As for a row.
    pub(super) async fn listing(&self, scope: &Scope) -> Result<Listing> {
        let Some(table) = table(scope.kind) else {
            let why = "Airflow does not look up options in its own database";
            return Ok(Listing::NotLookedUp(why.to_owned()));
        };
        if let Some(why) = self.known_place().skipped() {
            return Ok(Listing::NotLookedUp(why));
        }
        let database = self.database.get_or_try_init(|| self.client()).await?;
        let rows = database.rows(table, Wanted::Names).await;
        let rows = rows.map_err(|error| self.naming_the_source(error))?;
        Ok(Listing::Names(Names {
            listed: rows
                .iter()
                .filter_map(|row| self.listed(scope, table, row))
                .collect(),
            notes: database.about_absence().into_iter().collect(),
        }))
    }

    /// Returns the name of a row, if the team of the scope gets it.
    fn listed(&self, scope: &Scope, table: Table, row: &Row) -> Option<Listed> {
        let Column::Text(name) = row.column(table.key_column())? else {
            return None;
        };
        let is_for_us = record::is_for(row, scope.team.as_deref());
        let name = name.expose_text().filter(|_| is_for_us)?;
        located(self, scope, name, |row: &RowAddress| row.id == name)
    }
}
