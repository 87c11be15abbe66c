//! Which variables name the authorities of which service: `AWS_CA_BUNDLE` is only for AWS.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::draft::{CERT_SIGN, CRL_SIGN, Draft, Made};
use crate::support::server::{Certificate, Reply, Server, Tunnel};
use crate::support::{Output, Program, secretctl, temp_dir};
use crate::vault::{any_vault, found, vault, with};

/// Two authorities, each in its own file, and a folder for more.
struct Authorities {
    folder: TempDir,
    cloud: Made,
    clouds: PathBuf,
    /// The authority of another server.
    wrong: PathBuf,
}

fn authorities() -> Authorities {
    let folder = temp_dir();
    let write = |name: &str| {
        let made = Draft::authority(name).usage(CERT_SIGN | CRL_SIGN).self_signed();
        let path = folder.path().join(format!("{name}.pem"));
        std::fs::write(&path, made.pem()).unwrap();
        (made, path)
    };
    let (cloud, clouds) = write("cloud");
    let (_, wrong) = write("wrong");
    Authorities {
        folder,
        cloud,
        clouds,
        wrong,
    }
}

/// The variables of a run, by what they name: `right`, `wrong` or a missing file.
type Named<'a> = &'a [(&'a str, &'a str)];

impl Authorities {
    fn server(&self, names: &[&str], handler: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
        let made = Draft::server(names).signed_by(&self.cloud);
        Server::start_tls(&made.shown_with(&[]), move |request| handler(&request.target))
    }

    fn get(&self, program: Program, named: Named<'_>) -> Output {
        let path = |which: &str| match which {
            "right" => self.clouds.clone(),
            "wrong" => self.wrong.clone(),
            _ => self.folder.path().join("missing.pem"),
        };
        let env: Vec<_> = named.iter().map(|(name, which)| (*name, path(which))).collect();
        program
            .envs(env)
            .args(["--no-fallback", "get-var", "hello", "--timeout", "10"])
            .run()
    }

    /// Asserts for each set of variables whether the lookup works, and that a failed lookup sends the servers nothing.
    #[track_caller]
    fn check(&self, program: &Program, servers: &[&Server], cases: &[(Named<'_>, i32)]) {
        for (named, status) in cases {
            let output = self.get(program.clone(), named);
            assert_eq!(output.status, *status, "{named:?}: {}", output.stderr);
            if *status == 0 {
                assert_eq!(output.stdout, b"world\n");
            } else {
                let asked: Vec<_> = servers.iter().flat_map(|server| server.take()).collect();
                assert!(asked.is_empty(), "{named:?}: {asked:?}");
            }
            for server in servers {
                server.take();
            }
        }
    }
}

const WITHOUT_AWS: [(Named<'static>, i32); 8] = [
    (&[("REQUESTS_CA_BUNDLE", "right")], 0),
    (&[("CURL_CA_BUNDLE", "right")], 0),
    (&[("REQUESTS_CA_BUNDLE", "right"), ("AWS_CA_BUNDLE", "wrong")], 0),
    (
        &[("REQUESTS_CA_BUNDLE", "right"), ("AWS_CA_BUNDLE", "missing")],
        0,
    ),
    (&[("SSL_CERT_FILE", "right"), ("AWS_CA_BUNDLE", "wrong")], 0),
    (&[("AWS_CA_BUNDLE", "right")], 5),
    (&[("REQUESTS_CA_BUNDLE", "wrong"), ("AWS_CA_BUNDLE", "right")], 5),
    (&[("CURL_CA_BUNDLE", "wrong"), ("AWS_CA_BUNDLE", "right")], 5),
];

#[test]
fn vault_itself_does_not_read_aws_ca_bundle() {
    let authorities = authorities();
    let server = authorities.server(&["localhost"], |_| found());
    let program = vault(&json!({"url": server.url(), "token": "t"}));
    authorities.check(&program, &[&server], &WITHOUT_AWS);
}

#[test]
fn the_security_token_service_reads_aws_ca_bundle() {
    let authorities = authorities();
    let answer = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
        <AccessKeyId>AKIASTS</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
        <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    let sts = authorities.server(&["localhost"], move |_| Reply::status(200).body(answer));
    let token = authorities.folder.path().join("token");
    std::fs::write(&token, "eyJ.web.token").unwrap();
    let vault_server = any_vault();
    let program = vault(&json!({"url": vault_server.url(), "auth_type": "aws_iam"}))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL_STS", sts.url())
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
        .env("AWS_ROLE_ARN", "arn:aws:iam::1:role/x");
    authorities.check(
        &program,
        &[&sts],
        &[
            (&[("AWS_CA_BUNDLE", "right")], 0),
            (&[("REQUESTS_CA_BUNDLE", "right")], 0),
            (&[("AWS_CA_BUNDLE", "right"), ("REQUESTS_CA_BUNDLE", "wrong")], 0),
            (&[("AWS_CA_BUNDLE", "wrong"), ("REQUESTS_CA_BUNDLE", "right")], 5),
            (
                &[("AWS_CA_BUNDLE", "missing"), ("REQUESTS_CA_BUNDLE", "right")],
                2,
            ),
            // botocore does not read curl's variable.
            (&[("CURL_CA_BUNDLE", "right")], 5),
            (&[("CURL_CA_BUNDLE", "wrong"), ("SSL_CERT_FILE", "right")], 0),
        ],
    );
}

#[test]
fn no_library_variable_is_for_a_containers_credentials_over_https() {
    let authorities = authorities();
    let keys = json!({"AccessKeyId": "AKIA", "SecretAccessKey": "s", "Token": "t", "Expiration": "2999-01-01T00:00:00Z"});
    let container = authorities.server(&["localhost"], move |_| Reply::json(200, keys.clone()));
    let vault_server = any_vault();
    let program = vault(&json!({"url": vault_server.url(), "auth_type": "aws_iam"}))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/creds", container.url()),
        );
    authorities.check(
        &program,
        &[&container],
        &[
            (&[("SSL_CERT_FILE", "right")], 0),
            (
                &[
                    ("SSL_CERT_FILE", "right"),
                    ("AWS_CA_BUNDLE", "wrong"),
                    ("REQUESTS_CA_BUNDLE", "wrong"),
                ],
                0,
            ),
            (&[("AWS_CA_BUNDLE", "right"), ("REQUESTS_CA_BUNDLE", "right")], 5),
        ],
    );
}

#[test]
fn googles_login_does_not_read_aws_ca_bundle() {
    let authorities = authorities();
    let google = authorities.server(&["localhost", "iam.googleapis.com"], |target| match target {
        "/token" => Reply::json(200, json!({"access_token": "ya29.key"})),
        _ => Reply::json(200, json!({"signedJwt": "eyJ.signed.jwt"})),
    });
    let key = rsa_key();
    let Some(private_key) = key else { return };
    // A proxy leads Google's own address here; its token endpoint is at localhost, also through the proxy.
    let proxy = Tunnel::start(google.port);
    let vault_server = any_vault();
    let account = json!({
        "type": "service_account", "project_id": "p", "private_key_id": "k", "private_key": private_key,
        "client_email": "sa@p.iam.gserviceaccount.com", "token_uri": format!("{}/token", google.url()),
    });
    let kwargs = json!({
        "url": vault_server.url(), "auth_type": "gcp", "role_id": "dev", "gcp_scopes": "a", "gcp_keyfile_dict": account,
    });
    let program = vault(&kwargs).env("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port));
    authorities.check(&program, &[&google], &WITHOUT_AWS);
}

/// Returns a new RSA key, PKCS#8, or prints why the test is skipped.
fn rsa_key() -> Option<String> {
    let made = std::process::Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        .output();
    match made {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap()),
        _ => {
            crate::support::skip("openssl", "it is not installed, and nothing else makes RSA keys");
            None
        }
    }
}

/// The tenant of [`azure`].
const TENANT: &str = "11111111-1111-1111-1111-111111111111";

/// A Key Vault and Entra in one, where every secret is `world`.
pub(super) fn azure(shown: &Certificate) -> Server {
    Server::start_tls(shown, |request| {
        let authorized = request.header("authorization").is_some();
        match request.target.as_str() {
            target if target.contains("oauth2") => Reply::json(
                200,
                json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "token"}),
            ),
            _ if authorized => Reply::json(
                200,
                json!({"value": "world", "id": "https://v.vault.azure.net/secrets/airflow-variables-hello/1", "attributes": {"enabled": true}}),
            ),
            _ => Reply::status(401).header(
                "WWW-Authenticate",
                &format!("Bearer authorization=\"https://login.microsoftonline.com/{TENANT}\", resource=\"https://vault.azure.net\""),
            ),
        }
    })
}

/// The host names of [`azure`].
pub(super) const AZURE_NAMES: [&str; 2] = ["v.vault.azure.net", "login.microsoftonline.com"];

/// Asks [`azure`] through `proxy` with `more` kwargs.
pub(super) fn ask_azure(proxy: &str, more: Value) -> Program {
    let kwargs = with(&json!({"vault_url": "https://v.vault.azure.net"}), more);
    secretctl()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
        )
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222")
        .env("AZURE_CLIENT_SECRET", "s")
        .env("HTTPS_PROXY", proxy)
}

#[test]
fn azure_does_not_read_aws_ca_bundle() {
    let authorities = authorities();
    let made = Draft::server(&AZURE_NAMES).signed_by(&authorities.cloud);
    let azure = azure(&made.shown_with(&[]));
    let proxy = Tunnel::start(azure.port);
    let program = ask_azure(&format!("http://127.0.0.1:{}", proxy.port), json!({}));
    authorities.check(&program, &[&azure], &WITHOUT_AWS);
}
