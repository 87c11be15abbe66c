//! The environment as a value, and the name of every variable that secretctl reads.
//!
//! Only this file reads the process's environment; everything else receives an [`Env`]. `settings` adds the variables of env
//! files: the process's own variables win. Must not know what a variable means.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::python::text::upper;
use crate::secret::Secret;

/// Where a variable came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The environment of this process.
    Process,
    /// A file of `--env-file`, and the variable's line in it, counted from 1.
    File(PathBuf, usize),
}

/// One variable: its bytes and its origin.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The value, which may be any bytes.
    pub value: Secret,
    /// Where it came from.
    pub origin: Origin,
}

/// An environment: the process's own, or a map in a test. It keeps the process's order, as Python's `os.environ` does.
///
/// A clone shares the variables.
#[derive(Clone, Default)]
pub struct Env(Arc<Variables>);

/// The variables of an environment.
#[derive(Clone, Default)]
struct Variables {
    variables: IndexMap<String, Variable>,
    /// The names that are in the process's environment more than once.
    repeated: Vec<String>,
}

impl Env {
    /// Reads the environment of this process. A variable with a *name* that is not UTF-8 is left out: we read none.
    #[must_use]
    pub fn process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| {
                let value = Secret::new(value.into_encoded_bytes());
                Some((name.into_string().ok()?, value))
            })
            .collect()
    }

    /// Returns the variable `name`.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.0.variables.get(name)
    }

    /// Returns the value of `name`, even when it is empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.variables.get(name).map(|variable| &variable.value)
    }

    /// Returns the value of `name` as text. A value that is not UTF-8 counts as absent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Secret::expose_text)
    }

    /// Returns the value of `name` as text when it is neither absent nor empty.
    #[must_use]
    pub fn non_empty(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// Returns the name of a variable that differs from `name` only in case.
    #[must_use]
    pub fn name_in_another_case(&self, name: &str) -> Option<&str> {
        let wanted = upper(name);
        self.0
            .variables
            .keys()
            .map(String::as_str)
            .find(|other| *other != name && upper(other) == wanted)
    }

    /// Returns an environment with the variables that `keep` returns true for.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&str, &Variable) -> bool) -> Self {
        let variables = self.0.variables.iter();
        Self(Arc::new(Variables {
            variables: variables
                .filter(|(name, variable)| keep(name, variable))
                .map(|(name, variable)| (name.clone(), variable.clone()))
                .collect(),
            repeated: Vec::new(),
        }))
    }

    /// Returns an environment without the variables `names`.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        if names.is_empty() {
            return self;
        }
        let all = Arc::make_mut(&mut self.0);
        all.variables.retain(|name, _| !names.contains(&name.as_str()));
        all.repeated.retain(|name| !names.contains(&name.as_str()));
        self
    }

    /// Sets `name` from an env file, unless it is set. Returns the variable that was there already.
    pub fn set_default(&mut self, name: String, variable: Variable) -> Option<&Variable> {
        match Arc::make_mut(&mut self.0).variables.entry(name) {
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(entry) => {
                entry.insert(variable);
                None
            }
        }
    }

    /// Sets `name`, whether it is set or not.
    pub fn set(&mut self, name: String, variable: Variable) {
        Arc::make_mut(&mut self.0).variables.insert(name, variable);
    }

    /// Iterates over the variables that are in the process's environment more than once. The first counts, as in `getenv` and Python.
    pub fn repeated(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.0
            .repeated
            .iter()
            .filter_map(|name| Some((name.as_str(), self.variable(name)?)))
    }

    /// Iterates over the variables: the process's in its order, then those of env files.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.0
            .variables
            .iter()
            .map(|(name, variable)| (name.as_str(), variable))
    }
}

impl FromIterator<(String, Secret)> for Env {
    fn from_iter<T: IntoIterator<Item = (String, Secret)>>(iter: T) -> Self {
        let mut env = Variables::default();
        for (name, value) in iter {
            let variable = Variable {
                value,
                origin: Origin::Process,
            };
            match env.variables.entry(name) {
                Entry::Occupied(entry) => env.repeated.push(entry.key().clone()),
                Entry::Vacant(entry) => {
                    entry.insert(variable);
                }
            }
        }
        Self(Arc::new(env))
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.variables.keys()).finish()
    }
}

/// The name of every variable that secretctl reads, as in `.env.example`. `<KEY>` means any name.
///
/// Its meaning is documented where it is read. Airflow's expansion of `$NAME` also reads any variable that a configuration names.
pub const VARIABLES: &[&str] = &[
    "AIRFLOW__SECRETS__BACKEND",
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
    "AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET",
    "AIRFLOW__SECRETS__BACKEND_KWARG__<KEY>",
    "AIRFLOW__WORKERS__SECRETS_BACKEND",
    "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS",
    "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS_CMD",
    "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS_SECRET",
    "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__<KEY>",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_SCHEMA",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__CORE__FERNET_KEY_CMD",
    "AIRFLOW__CORE__FERNET_KEY_SECRET",
    "AIRFLOW__CORE__MULTI_TEAM",
    "AIRFLOW__AWS__SESSION_FACTORY",
    "AIRFLOW__CORE__UNIT_TEST_MODE",
    "AIRFLOW_CONFIG",
    "AIRFLOW_HOME",
    "HOME",
    "AIRFLOW_CONN_<ID>",
    "AIRFLOW_VAR_<KEY>",
    "AIRFLOW_CONN__<TEAM>___<ID>",
    "AIRFLOW_VAR__<TEAM>___<KEY>",
    "SECRETCTL_ENV_FILE",
    "SECRETCTL_ENV_FILE_DIALECT",
    "SECRETCTL_CONFIG",
    "SECRETCTL_BACKEND",
    "SECRETCTL_BACKEND_KWARGS",
    "SECRETCTL_WORKER",
    "SECRETCTL_TEAM",
    "SECRETCTL_TIMEOUT",
    "SECRETCTL_JOBS",
    "SECRETCTL_NO_FALLBACK",
    "SECRETCTL_NO_METASTORE",
    "SECRETCTL_LENIENT",
    "SECRETCTL_NO_NEWLINE",
    "SECRETCTL_NO_MASK",
    "SECRETCTL_QUIET",
    "SECRETCTL_VERBOSE",
    "SECRETCTL_COLOR",
    "SECRETCTL_LOG",
    "SECRETCTL_COMPLETE",
    "SECRETCTL_COMPLETE_WORDS",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "TERM",
    "COLUMNS",
    "GITHUB_ACTIONS",
    "TF_BUILD",
    "GITHUB_ENV",
    "GITHUB_OUTPUT",
    "GITHUB_PATH",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    "VAULT_ADDR",
    "VAULT_TOKEN",
    "VAULT_CLIENT_CERT",
    "VAULT_CLIENT_KEY",
    "VAULT_CACERT",
    "VAULT_CAPATH",
    "VAULT_NAMESPACE",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_REGIONAL_AUTHORITY_NAME",
    "MSAL_FORCE_REGION",
    "REGION_NAME",
    "AZURE_TOKEN_CREDENTIALS",
    "AZURE_IDENTITY_DISABLE_MULTITENANTAUTH",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "PATH",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_CA_BUNDLE",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_RETRY_MODE",
    "AWS_MAX_ATTEMPTS",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_CREDENTIAL_FILE",
    "BOTO_CONFIG",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_IMDS_USE_IPV6",
    "AWS_METADATA_SERVICE_TIMEOUT",
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "GCLOUD_PROJECT",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "GOOGLE_CLOUD_UNIVERSE_DOMAIN",
    "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES",
    "CLOUDSDK_CONFIG",
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_CORE_PROJECT",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER",
    "GCE_METADATA_HOST",
    "GCE_METADATA_ROOT",
    "NO_GCE_CHECK",
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSYSCONFDIR",
    "PGOPTIONS",
    "PGAPPNAME",
    "PGCONNECT_TIMEOUT",
    "PGCHANNELBINDING",
    "PGTARGETSESSIONATTRS",
    "PGSSLMODE",
    "PGSSLNEGOTIATION",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLCERTMODE",
    "PGSSLCRL",
    "PGSSLCRLDIR",
    "PGREQUIREPEER",
    "PGREQUIREAUTH",
    "PGSSLMINPROTOCOLVERSION",
    "PGSSLMAXPROTOCOLVERSION",
    "PGGSSENCMODE",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "KUBECONFIG",
    "YC_METADATA_ADDR",
    "MYSQL_PWD",
    "MYSQL_TCP_PORT",
    "MYSQL_UNIX_PORT",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUEST_METHOD",
];
