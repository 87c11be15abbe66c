//! Cosmos's mappings, in the order in which it tries them.
//!
//! Source: astronomer-cosmos 1.15.1, `cosmos/profiles/*/*.py` and `cosmos/profiles/__init__.py` (`profile_mappings`).

use crate::python::json::Value;

/// A mapping of a connection to a target of dbt.
#[derive(Debug)]
pub(super) struct Mapping {
    /// `airflow_connection_type`.
    pub(super) conn_type: &'static str,
    /// `dbt_profile_type`.
    pub(super) dbt_type: &'static str,
    /// `dbt_profile_method`.
    pub(super) method: Option<&'static str>,
    /// `required_fields`.
    pub(super) required: &'static [&'static str],
    /// `secret_fields`.
    pub(super) secrets: &'static [&'static str],
    /// `airflow_param_mapping`.
    pub(super) parameters: &'static [(&'static str, &'static [&'static str])],
    /// The fields that every profile starts with; a part of the connection, even an absent one, replaces them.
    pub(super) first: &'static [(&'static str, Constant)],
    /// The fields that replace those of the connection.
    pub(super) defaults: &'static [(&'static str, Constant)],
    /// What it does beyond the table.
    pub(super) special: Special,
}

/// A constant of a profile.
#[derive(Clone, Copy, Debug)]
pub(super) enum Constant {
    Text(&'static str),
    Number(&'static str),
}

impl Constant {
    pub(super) fn to_value(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Number(digits) => Value::Int(digits.to_owned()),
        }
    }
}

/// What a mapping does beyond the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    None,
    Athena,
    ClickHouse,
    BigQueryKey,
    DatabricksOauth,
    DatabricksToken,
    Exasol,
    Oracle,
    SnowflakePassword,
    SnowflakeEncryptedFile,
    SnowflakeEncryptedKey,
    SnowflakeKey,
    SnowflakeFile,
    SqlServer,
    Teradata,
    Trino,
}

const BASE: Mapping = Mapping {
    conn_type: "",
    dbt_type: "",
    method: None,
    required: &[],
    secrets: &["password"],
    parameters: &[],
    first: &[],
    defaults: &[],
    special: Special::None,
};

const ONE_THREAD: &[(&str, Constant)] = &[("threads", Constant::Number("1"))];
const FOUR_THREADS: &[(&str, Constant)] = &[("threads", Constant::Number("4"))];

const GOOGLE_PROJECT: (&str, &[&str]) = (
    "project",
    &["extra.project", "extra__google_cloud_platform__project"],
);
const GOOGLE_DATASET: (&str, &[&str]) = (
    "dataset",
    &["extra.dataset", "extra__google_cloud_platform__dataset"],
);

#[rustfmt::skip]
pub(super) const MAPPINGS: &[Mapping] = &[
    Mapping {
        conn_type: "aws",
        dbt_type: "athena",
        required: &["aws_access_key_id", "aws_secret_access_key", "database", "region_name", "s3_staging_dir", "schema"],
        secrets: &[],
        parameters: &[
            ("aws_profile_name", &["extra.aws_profile_name"]), ("database", &["extra.database"]),
            ("debug_query_state", &["extra.debug_query_state"]), ("lf_tags_database", &["extra.lf_tags_database"]),
            ("num_retries", &["extra.num_retries"]), ("poll_interval", &["extra.poll_interval"]),
            ("region_name", &["extra.region_name"]), ("s3_data_dir", &["extra.s3_data_dir"]),
            ("s3_data_naming", &["extra.s3_data_naming"]), ("s3_staging_dir", &["extra.s3_staging_dir"]),
            ("schema", &["extra.schema"]), ("seed_s3_upload_args", &["extra.seed_s3_upload_args"]),
            ("work_group", &["extra.work_group"]),
        ],
        special: Special::Athena,
        ..BASE
    },
    Mapping {
        conn_type: "generic",
        dbt_type: "clickhouse",
        required: &["host", "user", "schema", "clickhouse"],
        parameters: &[
            ("host", &["host"]), ("user", &["login"]), ("password", &["password"]), ("port", &["port"]),
            ("schema", &["schema"]), ("clickhouse", &["extra.clickhouse"]),
        ],
        special: Special::ClickHouse,
        ..BASE
    },
    Mapping {
        conn_type: "google_cloud_platform",
        dbt_type: "bigquery",
        method: Some("service-account"),
        required: &["project", "dataset", "keyfile"],
        secrets: &[],
        parameters: &[
            GOOGLE_PROJECT, GOOGLE_DATASET, ("keyfile", &["extra.key_path", "extra__google_cloud_platform__key_path"]),
        ],
        defaults: ONE_THREAD,
        ..BASE
    },
    Mapping {
        conn_type: "google_cloud_platform",
        dbt_type: "bigquery",
        method: Some("service-account-json"),
        required: &["project", "dataset", "keyfile_json"],
        secrets: &["private_key_id", "private_key"],
        parameters: &[
            GOOGLE_PROJECT, GOOGLE_DATASET,
            ("keyfile_json", &["extra.keyfile_dict", "extra__google_cloud_platform__keyfile_dict"]),
        ],
        defaults: ONE_THREAD,
        special: Special::BigQueryKey,
        ..BASE
    },
    Mapping {
        conn_type: "google_cloud_platform",
        dbt_type: "bigquery",
        method: Some("oauth"),
        required: &["project", "dataset"],
        secrets: &[],
        parameters: &[GOOGLE_PROJECT, GOOGLE_DATASET],
        defaults: ONE_THREAD,
        ..BASE
    },
    Mapping {
        conn_type: "databricks",
        dbt_type: "databricks",
        required: &["host", "schema", "token", "http_path"],
        secrets: &["token"],
        parameters: &[
            ("host", &["host"]), ("schema", &["schema"]), ("token", &["password", "extra.token"]),
            ("http_path", &["extra.http_path"]),
        ],
        special: Special::DatabricksToken,
        ..BASE
    },
    Mapping {
        conn_type: "databricks",
        dbt_type: "databricks",
        required: &["host", "schema", "client_secret", "client_id", "http_path"],
        secrets: &["client_secret", "client_id"],
        parameters: &[
            ("host", &["host"]), ("schema", &["schema"]), ("client_id", &["login", "extra.client_id"]),
            ("client_secret", &["password", "extra.client_secret"]), ("http_path", &["extra.http_path"]),
        ],
        special: Special::DatabricksOauth,
        ..BASE
    },
    Mapping {
        conn_type: "duckdb", dbt_type: "duckdb", required: &["path"], secrets: &[], parameters: &[("path", &["host"])], ..BASE
    },
    Mapping {
        conn_type: "mysql",
        dbt_type: "mysql",
        required: &["server", "username", "password", "schema"],
        parameters: &[
            ("server", &["host"]), ("username", &["login"]), ("password", &["password"]), ("port", &["port"]),
            ("schema", &["schema"]),
        ],
        first: &[("port", Constant::Number("3306"))],
        ..BASE
    },
    Mapping {
        conn_type: "oracle",
        dbt_type: "oracle",
        required: &["user", "password"],
        parameters: &[
            ("host", &["host"]), ("port", &["port"]), ("service", &["extra.service_name"]), ("user", &["login"]),
            ("password", &["password"]), ("database", &["extra.service_name"]), ("connection_string", &["extra.dsn"]),
        ],
        first: &[("protocol", Constant::Text("tcp")), ("port", Constant::Number("1521"))],
        special: Special::Oracle,
        ..BASE
    },
    Mapping {
        conn_type: "postgres",
        dbt_type: "postgres",
        required: &["host", "user", "password", "dbname"],
        parameters: &[
            ("host", &["host"]), ("user", &["login"]), ("password", &["password"]), ("port", &["port"]),
            ("dbname", &["schema"]), ("keepalives_idle", &["extra.keepalives_idle"]), ("sslmode", &["extra.sslmode"]),
        ],
        first: &[("port", Constant::Number("5432"))],
        ..BASE
    },
    Mapping {
        conn_type: "redshift",
        dbt_type: "redshift",
        required: &["host", "user", "password", "dbname", "schema"],
        parameters: &[
            ("host", &["host"]), ("user", &["login"]), ("password", &["password"]), ("port", &["port"]),
            ("dbname", &["schema"]), ("timeout", &["extra.timeout"]), ("sslmode", &["extra.sslmode"]),
            ("region", &["extra.region"]),
        ],
        first: &[("port", Constant::Number("5439"))],
        ..BASE
    },
    Mapping {
        required: &["account", "user", "database", "warehouse", "schema", "password"],
        parameters: &[
            ("account", &["extra.account"]), ("user", &["login"]), ("password", &["password"]),
            ("database", &["extra.database"]), ("warehouse", &["extra.warehouse"]), ("schema", &["schema"]),
            ("role", &["extra.role"]), ("authenticator", &["extra.authenticator"]), ("host", &["extra.host"]),
            ("port", &["extra.port"]), ("query_tag", &["extra.query_tag"]), ("insecure_mode", &["extra.insecure_mode"]),
            ("client_session_keep_alive", &["extra.client_session_keep_alive"]),
        ],
        special: Special::SnowflakePassword,
        ..SNOWFLAKE
    },
    Mapping {
        required: &["account", "user", "database", "warehouse", "schema", "private_key_passphrase", "private_key_path"],
        secrets: &["private_key_passphrase"],
        parameters: &[
            ("account", &["extra.account"]), ("user", &["login"]), ("database", &["extra.database"]),
            ("warehouse", &["extra.warehouse"]), ("schema", &["schema"]), ("role", &["extra.role"]),
            ("authenticator", &["extra.authenticator"]), ("host", &["extra.host"]), ("port", &["extra.port"]),
            ("private_key_passphrase", &["password"]), ("private_key_path", &["extra.private_key_file"]),
            ("query_tag", &["extra.query_tag"]), ("insecure_mode", &["extra.insecure_mode"]),
            ("client_session_keep_alive", &["extra.client_session_keep_alive"]),
        ],
        special: Special::SnowflakeEncryptedFile,
        ..SNOWFLAKE
    },
    Mapping {
        required: &["account", "user", "database", "warehouse", "schema", "private_key", "private_key_passphrase"],
        secrets: &["private_key", "private_key_passphrase"],
        parameters: &[
            ("account", &["extra.account"]), ("user", &["login"]), ("database", &["extra.database"]),
            ("warehouse", &["extra.warehouse"]), ("schema", &["schema"]), ("role", &["extra.role"]),
            ("authenticator", &["extra.authenticator"]), ("host", &["extra.host"]), ("port", &["extra.port"]),
            ("private_key", &["extra.private_key_content"]), ("private_key_passphrase", &["password"]),
            ("query_tag", &["extra.query_tag"]), ("insecure_mode", &["extra.insecure_mode"]),
            ("client_session_keep_alive", &["extra.client_session_keep_alive"]),
        ],
        special: Special::SnowflakeEncryptedKey,
        ..SNOWFLAKE
    },
    Mapping {
        required: &["account", "user", "database", "warehouse", "schema", "private_key"],
        secrets: &["private_key"],
        parameters: &[
            ("account", &["extra.account"]), ("user", &["login"]), ("database", &["extra.database"]),
            ("warehouse", &["extra.warehouse"]), ("schema", &["schema"]), ("role", &["extra.role"]),
            ("authenticator", &["extra.authenticator"]), ("host", &["extra.host"]), ("port", &["extra.port"]),
            ("private_key", &["extra.private_key_content"]), ("query_tag", &["extra.query_tag"]),
            ("insecure_mode", &["extra.insecure_mode"]),
            ("client_session_keep_alive", &["extra.client_session_keep_alive"]),
        ],
        special: Special::SnowflakeKey,
        ..SNOWFLAKE
    },
    Mapping {
        required: &["account", "user", "database", "warehouse", "schema", "private_key_path"],
        secrets: &[],
        parameters: &[
            ("account", &["extra.account"]), ("user", &["login"]), ("database", &["extra.database"]),
            ("warehouse", &["extra.warehouse"]), ("schema", &["schema"]), ("role", &["extra.role"]),
            ("authenticator", &["extra.authenticator"]), ("host", &["extra.host"]), ("port", &["extra.port"]),
            ("private_key_path", &["extra.private_key_file"]), ("query_tag", &["extra.query_tag"]),
            ("insecure_mode", &["extra.insecure_mode"]),
            ("client_session_keep_alive", &["extra.client_session_keep_alive"]),
        ],
        special: Special::SnowflakeFile,
        ..SNOWFLAKE
    },
    Mapping {
        conn_type: "mysql",
        dbt_type: "starrocks",
        required: &["host", "username", "password", "port", "schema"],
        parameters: &[
            ("host", &["host"]), ("username", &["login"]), ("password", &["password"]), ("port", &["port"]),
            ("schema", &["schema"]),
        ],
        ..BASE
    },
    Mapping {
        conn_type: "spark",
        dbt_type: "spark",
        method: Some("thrift"),
        required: &["schema", "host"],
        secrets: &[],
        parameters: &[("host", &["host"]), ("port", &["port"])],
        ..BASE
    },
    Mapping {
        conn_type: "exasol",
        dbt_type: "exasol",
        required: &["threads", "dsn", "user", "password", "dbname", "schema"],
        parameters: &[
            ("dsn", &["host"]), ("user", &["login"]), ("password", &["password"]), ("dbname", &["schema"]),
            ("encryption", &["extra.encryption"]), ("compression", &["extra.compression"]),
            ("connection_timeout", &["extra.connection_timeout"]), ("socket_timeout", &["extra.socket_timeout"]),
            ("protocol_version", &["extra.protocol_version"]),
        ],
        special: Special::Exasol,
        ..BASE
    },
    Mapping {
        conn_type: "teradata",
        dbt_type: "teradata",
        required: &["host", "user", "password"],
        parameters: &[
            ("host", &["host"]), ("user", &["login"]), ("password", &["password"]), ("schema", &["schema"]),
            ("tmode", &["extra.tmode"]),
        ],
        special: Special::Teradata,
        ..BASE
    },
    Mapping {
        method: Some("ldap"),
        required: &["host", "database", "schema", "port", "user", "password"],
        parameters: &[
            ("user", &["login"]), ("password", &["password"]), ("host", &["host"]), ("port", &["port"]),
            ("session_properties", &["extra.session_properties"]),
        ],
        ..TRINO
    },
    Mapping {
        method: Some("certificate"),
        required: &["host", "database", "schema", "port", "client_certificate", "client_private_key"],
        secrets: &[],
        parameters: &[
            ("client_certificate", &["extra.certs__client_cert_path"]),
            ("client_private_key", &["extra.certs__client_key_path"]), ("host", &["host"]), ("port", &["port"]),
            ("user", &["login"]), ("session_properties", &["extra.session_properties"]),
        ],
        ..TRINO
    },
    Mapping {
        method: Some("jwt"),
        required: &["host", "database", "schema", "port", "jwt_token"],
        secrets: &["jwt_token"],
        parameters: &[
            ("jwt_token", &["extra.jwt__token"]), ("host", &["host"]), ("port", &["port"]), ("user", &["login"]),
            ("session_properties", &["extra.session_properties"]),
        ],
        ..TRINO
    },
    Mapping {
        conn_type: "vertica",
        dbt_type: "vertica",
        required: &["host", "username", "password", "database", "schema"],
        parameters: &[
            ("host", &["host"]), ("username", &["login"]), ("password", &["password"]), ("port", &["port"]),
            ("database", &["schema"]), ("autocommit", &["extra.autocommit"]),
            ("backup_server_node", &["extra.backup_server_node"]), ("binary_transfer", &["extra.binary_transfer"]),
            ("connection_load_balance", &["extra.connection_load_balance"]),
            ("connection_timeout", &["extra.connection_timeout"]), ("disable_copy_local", &["extra.disable_copy_local"]),
            ("kerberos_host_name", &["extra.kerberos_host_name"]),
            ("kerberos_service_name", &["extra.kerberos_service_name"]), ("log_level", &["extra.log_level"]),
            ("log_path", &["extra.log_path"]), ("oauth_access_token", &["extra.oauth_access_token"]),
            ("request_complex_types", &["extra.request_complex_types"]), ("session_label", &["extra.session_label"]),
            ("ssl", &["extra.ssl"]), ("unicode_error", &["extra.unicode_error"]),
            ("use_prepared_statements", &["extra.use_prepared_statements"]), ("workload", &["extra.workload"]),
        ],
        first: &[("port", Constant::Number("5433"))],
        ..BASE
    },
    Mapping {
        conn_type: "generic",
        dbt_type: "sqlserver",
        required: &["server", "user", "schema", "database", "driver", "password"],
        parameters: &[
            ("server", &["host"]), ("user", &["login"]), ("password", &["password"]), ("port", &["port"]),
            ("schema", &["schema"]), ("database", &["extra.database"]), ("driver", &["extra.driver"]),
        ],
        special: Special::SqlServer,
        ..BASE
    },
];

const SNOWFLAKE: Mapping = Mapping {
    conn_type: "snowflake",
    dbt_type: "snowflake",
    defaults: FOUR_THREADS,
    ..BASE
};

const TRINO: Mapping = Mapping {
    conn_type: "trino",
    dbt_type: "trino",
    special: Special::Trino,
    ..BASE
};
