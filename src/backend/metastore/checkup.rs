//! What `doctor` asks of Airflow's database: whether it is Airflow's, and whether the Fernet keys open what it holds.
//!
//! One encrypted row is enough to see a lost key. It is decrypted and thrown away; only its name is shown.

use super::configured::Place;
use super::database::{Column, Row, Table, Wanted};
use super::{MetastoreBackend, record};
use crate::backend::BoxFuture;
use crate::backend::checkup::{ABSENT_NAME, Checkup};
use crate::error::Result;
use crate::report::{Check, Section};
use crate::shown::shown;
use crate::value::{Lookup, SecretKind};

/// The checks that only the database's backend makes.
pub(super) const CHECKS: &[Check] = &[Check::Database, Check::FernetKey];

impl Checkup for MetastoreBackend {
    fn checks(&self) -> &'static [Check] {
        CHECKS
    }

    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        Box::pin(self.look_around(section))
    }
}

impl MetastoreBackend {
    /// Asks the database for a name that is in no table, and for a row that is encrypted.
    pub(super) async fn look_around(&self, section: &mut Section) {
        let place = self.known_place();
        if place.skipped().is_some() {
            return;
        }
        match self.has_tables().await {
            Err(error) => return section.failure(Check::Database, &error),
            Ok(Some(note)) => {
                let way_out =
                    "let Airflow create them with `airflow db migrate`, or set `[database] sql_alchemy_conn`";
                return section.warning(Check::Database, note, Some(way_out.to_owned()));
            }
            Ok(None) => section.ok(
                Check::Database,
                match place {
                    Place::Configured { source, .. } | Place::Elsewhere { source } => {
                        format!("it is Airflow's, and named by {source}")
                    }
                    _ => "it is Airflow's, at its default place".to_owned(),
                },
            ),
        }
        match self.opened().await {
            Ok(Some(what)) => section.ok(Check::FernetKey, format!("it opens {what}")),
            Ok(None) => section.ok(Check::FernetKey, "none is needed: nothing is encrypted"),
            Err(error) => section.failure(Check::FernetKey, &error),
        }
    }

    /// Asks both tables for a name that nobody has. Returns a note if there are no tables at all.
    async fn has_tables(&self) -> Result<Option<String>> {
        for table in [Table::Connection, Table::Variable] {
            self.row(table, Wanted::Named(ABSENT_NAME)).await?;
        }
        let database = self.database.get_or_try_init(|| self.client()).await?;
        Ok(database.about_absence())
    }

    /// Decrypts one row of each table. Returns what was opened, or `None` if nothing is encrypted.
    async fn opened(&self) -> Result<Option<String>> {
        let mut opened = Vec::new();
        for (table, kind) in [
            (Table::Connection, SecretKind::Connection),
            (Table::Variable, SecretKind::Variable),
        ] {
            let Some(mut row) = self.row(table, Wanted::Encrypted).await? else {
                continue;
            };
            let lookup = Lookup {
                kind,
                id: name_of(&row, table),
                team: None,
                multi_team: false,
            };
            self.opener
                .open(&mut row, record::encrypted(table), &lookup)
                .await?;
            opened.push(format!("{kind} `{}`", shown(&lookup.id)));
        }
        Ok((!opened.is_empty()).then(|| opened.join(" and ")))
    }

    async fn row(&self, table: Table, wanted: Wanted<&str>) -> Result<Option<Row>> {
        let database = self.database.get_or_try_init(|| self.client()).await?;
        let rows = database.rows(table, wanted).await;
        let rows = rows.map_err(|error| self.naming_the_source(error))?;
        Ok(rows.into_iter().next())
    }
}

/// Returns the name of a row.
fn name_of(row: &Row, table: Table) -> String {
    match row.column(table.key_column()) {
        Some(Column::Text(name)) => name.expose_text().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}
