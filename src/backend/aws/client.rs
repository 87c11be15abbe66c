//! One signed question, and who asks it: the session, the role that it assumes, and the credentials, once for all names.
//!
//! Must not know what is read, nor the kwargs' names. Facts: `client` of the two backends, and `SessionFactory` in
//! `hooks/base_aws.py` of apache-airflow-providers-amazon 9.39.0.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::kwargs::Config;
use super::role::AssumedRole;
use crate::backend::Context;
use crate::backend::checkup::{Endpoint, span};
use crate::cloud::aws::endpoint::Service;
use crate::cloud::aws::json_service::{JsonService, Reply};
use crate::cloud::aws::service_error::ServiceError;
use crate::cloud::aws::{Credentials, Session, sts};
use crate::cloud::services::Services;
use crate::cloud::token_cache::{Token, TokenCache};
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::python::json::{Object, Value, dumps};
use crate::report::{Check, Section};
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::Answer;

/// A client of one service. It reads no file and sends nothing before the first question.
pub(super) struct Client {
    config: Config,
    service: &'static Service,
    env: Env,
    deadline: Instant,
    /// All names share one login, and its failure.
    connected: TokenCache<Arc<Connected>>,
}

/// A service, and the credentials that sign its requests.
struct Connected {
    service: JsonService,
    credentials: Credentials,
}

impl Token for Arc<Connected> {
    fn expires_at(&self) -> Option<SystemTime> {
        self.credentials.expires_at()
    }
}

/// An answer that is an error, and who gave it.
pub(super) struct Refusal {
    error: ServiceError,
    place: String,
}

impl Client {
    pub(super) fn new(config: Config, service: &'static Service, context: &Context<'_>) -> Self {
        Self {
            config,
            service,
            env: context.env.clone(),
            deadline: context.deadline,
            connected: TokenCache::new(),
        }
    }

    /// Makes every failure of a login final.
    pub(super) fn probing(&self) {
        self.connected.probing();
    }

    /// Calls `operation`.
    ///
    /// # Errors
    /// No credentials, or an unusable configuration; no answer, or one that does not come from the service.
    pub(super) async fn call(&self, operation: &str, question: Object) -> Result<Result<Object, Refusal>> {
        let (connected, _) = self.connected.get("", None, Box::pin(self.connect())).await?;
        let body = Secret::from(dumps(&Value::Object(question)));
        let Connected { service, credentials } = &*connected;
        Ok(match service.call(credentials, operation, body).await? {
            Reply::Answer(answer) => Ok(answer),
            Reply::Error(error) => Err(Refusal {
                error,
                place: service.place(),
            }),
        })
    }

    async fn connect(&self) -> Result<Arc<Connected>> {
        let session = self.session().await?;
        let service = self.service(&session)?;
        let services = Services::new(&self.env, self.deadline);
        let credentials = session.credentials(&services).await?;
        Ok(Arc::new(Connected { service, credentials }))
    }

    /// Returns the session of botocore's, which has the role of the kwargs. It reads the shared files.
    async fn session(&self) -> Result<Session> {
        let first = Session::new(&self.env, self.config.session.clone(), self.deadline)?;
        let session = match &self.config.role {
            None => first,
            Some(role) => {
                let role = role.proven(&self.env, self.deadline).await?;
                first.with_role(&self.env, role)?
            }
        };
        session.check_client()?;
        Ok(session)
    }

    /// Returns the service as `session` reaches it. Sends nothing.
    fn service(&self, session: &Session) -> Result<JsonService> {
        JsonService::new(
            self.service,
            session,
            &self.env,
            &self.config.client,
            self.deadline,
        )
    }

    /// Goes the way of a lookup up to the credentials, and asks STS whose they are.
    pub(super) async fn look_around(&self, section: &mut Section) {
        let session = match self.session().await {
            Ok(session) => session,
            Err(error) => return section.failure(Check::Login, &error),
        };
        let service = match self.service(&session) {
            Ok(service) => service,
            Err(error) => return section.failure(Check::Region, &error),
        };
        section.ok(Check::Region, format!("`{}`", shown(service.region())));
        let (client, url) = service.way();
        let endpoint = Endpoint::new(client, url.to_owned())
            .needing_clock(true)
            .explained(|failure| service.unreachable(failure));
        if !endpoint.examine(section).await {
            return;
        }
        let services = Services::new(&self.env, self.deadline);
        let credentials = match session.credentials(&services).await {
            Ok(credentials) => credentials,
            Err(error) => return section.failure(Check::Login, &error),
        };
        let options = self.config.role.as_ref().map(AssumedRole::options);
        let options = options.cloned().unwrap_or_default();
        let left = credentials
            .expires_at
            .and_then(|end| end.duration_since(SystemTime::now()).ok())
            .map_or_else(
                || "without an end".to_owned(),
                |left| format!("{} left", span(left)),
            );
        match sts::who(&session, &options, &credentials).await {
            Ok(arn) => section.ok(Check::Login, format!("`{}`, {left}", shown(&arn))),
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                // A private network may have no way to STS; a lookup does not need it.
                section.ok(
                    Check::Login,
                    format!("keys are found, {left}; {error}, so as whom is not known"),
                );
            }
            Err(error) => section.failure(Check::Login, &error),
        }
    }
}

impl Refusal {
    /// Returns the error of a listing that was refused.
    pub(super) fn of_listing(self, permission: &str) -> Error {
        let Self { error, place } = self;
        let is_denied = error.code().starts_with("AccessDenied");
        let error = error.into_error(&place, "the list of its names");
        if !is_denied {
            return error;
        }
        error
            .with_detail(format!(
                r#"a policy must have: {{"Effect": "Allow", "Action": "{permission}", "Resource": "*"}}"#
            ))
            .with_hint("add that to a policy of the identity; `aws sts get-caller-identity` says who asks")
    }

    /// Returns what it means: nothing has the name, or an error. `about_absence` has a note for some types.
    pub(super) fn answer(
        self,
        what: &str,
        permission: &str,
        about_absence: fn(&str) -> Option<&'static str>,
    ) -> Result<Answer> {
        let Self { error, place } = self;
        if error.kind() == ErrorKind::NotFound {
            let hint = about_absence(error.code()).map(|note| match error.message() {
                "" => note.to_owned(),
                words => format!("AWS says: {words}; {note}"),
            });
            return Ok(Answer::Absent { hint });
        }
        // The key's own refusal has a hint of its own.
        let is_denied = error.code().starts_with("AccessDenied") && !error.message().contains("KMS");
        let error = error.into_error(&place, what);
        Err(if is_denied {
            error.with_hint(format!(
                "allow `{permission}` on it in a policy; `aws sts get-caller-identity` says who asks"
            ))
        } else {
            error
        })
    }
}
