//! Every credential, and who of them is asked.

use serde_json::{Value, json};

use super::{Case, principal, run};
use crate::azure::support::{CLIENT, CLIENT_SECRET, TENANT, USER, World};
use crate::support::server::Reply;
use crate::support::{Program, Side, Sides, airflow, differs, skip, temp_dir};

fn certificate(file: &str, password: Option<&str>) -> Value {
    let mut env = json!({
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_CERTIFICATE_PATH": format!("{{data}}/{file}"),
    });
    if let Some(password) = password {
        env["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = json!(password);
    }
    env
}

fn workload() -> Value {
    json!({"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_FEDERATED_TOKEN_FILE": "{dir}/federated"})
}

fn user() -> Value {
    json!({"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_USERNAME": USER.0, "AZURE_PASSWORD": USER.1})
}

#[test]
fn service_principals_are_airflows() {
    let default = Case::default_credential;
    run(&[
        default("the environment's secret", principal()),
        default("one of the three kwargs is not there", principal()).kwarg("client_id", json!("ignored")),
        default("half a pair of kwargs is ignored", principal())
            .kwarg("managed_identity_client_id", json!("ignored")),
        default("a certificate in PEM", certificate("client.pem", None)),
        default(
            "a certificate with an old key block",
            certificate("client-pkcs1.pem", None),
        ),
        default(
            "a certificate with an encrypted key",
            certificate("client-encrypted.pem", Some("hunter2")),
        ),
        default("a certificate in PFX", certificate("client.pfx", Some("hunter2"))),
        default(
            "a certificate in PFX with old ciphers",
            certificate("client-legacy.pfx", Some("hunter2")),
        ),
        default(
            "a certificate in PFX without a password",
            certificate("client-nopassword.pfx", None),
        ),
        default(
            "a certificate and its chain",
            certificate("client-chain.pem", None),
        )
        .variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true"),
        default("a secret before a certificate", certificate("nowhere.pem", None))
            .variable("AZURE_CLIENT_SECRET", CLIENT_SECRET),
        default("a user", user()),
        default("workload identity", workload()),
        default(
            "the kwargs' pair is for workload identity",
            json!({"AZURE_FEDERATED_TOKEN_FILE": "{dir}/federated"}),
        )
        .kwarg("managed_identity_client_id", json!(CLIENT))
        .kwarg("workload_identity_tenant_id", json!(TENANT)),
        default(
            "the kwargs win over the environment",
            json!({"AZURE_CLIENT_ID": "other", "AZURE_TENANT_ID": "other"}),
        ),
    ]
    .map(|case| {
        if case.name.starts_with("the kwargs win") {
            Case {
                kwargs: super::values(),
                ..case
            }
        } else {
            case
        }
    }));
}

#[test]
fn service_principals_ask_the_login_server_of_their_region() {
    let default = Case::default_credential;
    let region = "AZURE_REGIONAL_AUTHORITY_NAME";
    run(&[
        Case::new("a region").variable(region, "westeurope"),
        default("a region, and a certificate", certificate("client.pem", None))
            .variable(region, "westeurope"),
        Case::new("the machine's region")
            .variable(region, "TryAutoDetect")
            .variable("REGION_NAME", "westeurope"),
        Case::new("a machine's region that is none")
            .variable(region, "true")
            .variable("REGION_NAME", "West Europe"),
        Case::new("the region that msal has a variable for").variable("MSAL_FORCE_REGION", "westeurope"),
        Case::new("the machine's region alone counts for nothing").variable("REGION_NAME", "westeurope"),
        default("users have no region", user()).variable(region, "westeurope"),
        default("federated tokens have no region", workload()).variable(region, "westeurope"),
        default("federated tokens do not look at it", workload()).variable(region, ""),
        Case::new("a region that is none")
            .variable(region, "West Europe")
            .fails(2, &["does not name an Azure region"])
            .other_requests(),
        Case::new("an empty region")
            .variable(region, "")
            .fails(2, &["does not name an Azure region"])
            .other_requests(),
        default("a region that is none, and a user", user())
            .variable(region, "West Europe")
            .fails(2, &["does not name an Azure region"])
            .other_requests(),
    ]);
}

#[test]
fn kwargs_of_an_identity_are_used_where_all_are_true() {
    let default = Case::default_credential;
    run(&[
        default("a tenant that is 0", principal())
            .kwarg("tenant_id", json!(0))
            .kwarg("client_id", json!([1]))
            .kwarg("client_secret", json!("ignored")),
        default("half a pair that is a number", principal()).kwarg("managed_identity_client_id", json!(5)),
        default("a pair of which one is empty", principal())
            .kwarg("managed_identity_client_id", json!("ignored"))
            .kwarg("workload_identity_tenant_id", json!({})),
        Case::new("a tenant that is a number")
            .kwarg("tenant_id", json!(5))
            .fails(2, &["`tenant_id` must be text"])
            .other_requests(),
    ]);
}

#[test]
fn service_principals_that_cannot_be_are_errors() {
    let default = Case::default_credential;
    run(&[
        Case::new("a wrong secret")
            .kwarg("client_secret", json!("wr0ng"))
            .fails(4, &["AADSTS7000215", "hint:"]),
        Case::new("an unknown client")
            .kwarg("client_id", json!("nobody"))
            .fails(4, &["AADSTS700016"]),
        Case::new("a tenant that is none")
            .kwarg("tenant_id", json!("not a tenant"))
            .fails(2, &["tenant id"]),
        Case::new("another tenant than the vault's, which is asked ahead")
            .kwarg("tenant_id", json!("99999999-2222-3333-4444-555555555555"))
            .fails(4, &[])
            .other_requests(),
        default("an empty secret in the environment", principal())
            .variable("AZURE_CLIENT_SECRET", "")
            .fails(2, &["AZURE_CLIENT_SECRET"]),
        default("a wrong secret in the environment", principal())
            .variable("AZURE_CLIENT_SECRET", "wr0ng")
            .fails(4, &["AADSTS7000215", "environment: failed"]),
        default(
            "a certificate that is not there",
            certificate("nowhere.pem", None),
        )
        .fails(2, &["nowhere.pem"]),
        default(
            "a certificate with a wrong password",
            certificate("client.pfx", Some("wr0ng")),
        )
        .fails(2, &["password"]),
        default(
            "an encrypted key without a password",
            certificate("client-encrypted.pem", None),
        )
        .fails(2, &["password"]),
        default(
            "a certificate whose key is not RSA",
            certificate("client-ec.pem", None),
        )
        .fails(2, &["not RSA"]),
        default("a wrong password of a user", user())
            .variable("AZURE_PASSWORD", "wr0ng")
            .fails(4, &["AADSTS50126"]),
        default("a federated token that is not there", workload())
            .variable("AZURE_FEDERATED_TOKEN_FILE", "{dir}/nowhere")
            .fails(4, &["nowhere", "workload identity: failed"]),
        default("an authority without TLS", principal())
            .variable("AZURE_AUTHORITY_HOST", "http://login.microsoftonline.com")
            .fails(2, &["AZURE_AUTHORITY_HOST"]),
        default("an unknown name in AZURE_TOKEN_CREDENTIALS", principal())
            .variable("AZURE_TOKEN_CREDENTIALS", "nobody")
            .fails(2, &["AZURE_TOKEN_CREDENTIALS"]),
    ]);
}

/// What OpenSSL's program may be told when it writes a PFX file, and the password.
const PFX_FILES: &[(&str, &[&str], &str)] = &[
    ("OpenSSL 3's own", &[], "hunter2"),
    ("the old ciphers", &["-legacy"], "hunter2"),
    (
        "triple DES alone",
        &[
            "-legacy",
            "-certpbe",
            "PBE-SHA1-3DES",
            "-keypbe",
            "PBE-SHA1-3DES",
            "-macalg",
            "sha1",
        ],
        "hunter2",
    ),
    (
        "RC2 with 128 bits",
        &["-legacy", "-certpbe", "PBE-SHA1-RC2-128"],
        "hunter2",
    ),
    (
        "AES-128 and SHA-512",
        &[
            "-certpbe",
            "aes-128-cbc",
            "-keypbe",
            "aes-128-cbc",
            "-macalg",
            "sha512",
        ],
        "hunter2",
    ),
    ("SHA-384", &["-macalg", "sha384"], "hunter2"),
    (
        "no encryption",
        &["-certpbe", "NONE", "-keypbe", "NONE"],
        "hunter2",
    ),
    ("no signature", &["-nomac"], "hunter2"),
    ("one round", &["-iter", "1", "-nomaciter"], "hunter2"),
    ("many rounds", &["-iter", "100000"], "hunter2"),
    (
        "a long password",
        &[],
        "a password that is longer than one block of SHA-1, twice over, and then some",
    ),
    ("a password beyond ASCII", &[], "p\u{e4}ss\u{20ac}\u{1f511}"),
    (
        "a password beyond ASCII, and the old ciphers",
        &["-legacy"],
        "p\u{e4}ss\u{20ac}\u{1f511}",
    ),
    ("no password", &[], ""),
    ("no password, and the old ciphers", &["-legacy"], ""),
    (
        "a name of its own",
        &["-name", "its \u{e9}tiquette", "-CSP", "Microsoft Enhanced"],
        "hunter2",
    ),
];

#[test]
fn pfx_files_that_openssl_writes_are_airflows() {
    let Some(judge) = airflow() else { return };
    let path = std::env::var("PATH").unwrap();
    if Program::new("sh")
        .args(["-c", "command -v openssl"])
        .env("PATH", &path)
        .run()
        .status
        != 0
    {
        return skip("openssl", "it is not installed here");
    }
    let (world, dir) = (World::start(), temp_dir());
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/azure/data");
    for (number, (name, options, password)) in PFX_FILES.iter().enumerate() {
        let file = dir.path().join(format!("{number}.pfx"));
        // The chain's other certificate comes too.
        let written = Program::new("openssl")
            .args(["pkcs12", "-export", "-passout", "env:PFX_PASSWORD", "-in"])
            .arg(data.join("client-chain.pem"))
            .arg("-out")
            .arg(&file)
            .args(*options)
            .env("PATH", &path)
            .env("PFX_PASSWORD", password)
            .run();
        assert_eq!(written.status, 0, "{name}: {}", written.stderr);
        let file = file.to_str().unwrap();
        let env = |password: &str| {
            json!({
                "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_CERTIFICATE_PATH": file,
                "AZURE_CLIENT_CERTIFICATE_PASSWORD": password,
            })
        };
        Case::default_credential(name, env(password))
            .variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true")
            .run(&world, judge, &|_| {});
        Case::default_credential(name, env("wr0ng"))
            .fails(2, &["cannot be opened with this password"])
            .run(&world, judge, &|_| {});
    }
}

#[test]
fn managed_identities_are_airflows() {
    let default = Case::default_credential;
    let app_service = || json!({"IDENTITY_ENDPOINT": "{machine}/msi/token", "IDENTITY_HEADER": "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"});
    let azure_ml = || json!({"MSI_ENDPOINT": "{machine}/ml/token", "MSI_SECRET": "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"});
    let shell = || json!({"MSI_ENDPOINT": "{machine}/shell/token"});
    let fabric = || {
        json!({
            "IDENTITY_ENDPOINT": "{fabric}/fabric/token", "IDENTITY_HEADER": "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a",
            "IDENTITY_SERVER_THUMBPRINT": "{thumbprint}", "NO_PROXY": "127.0.0.1,localhost", "AZURE_TOKEN_CREDENTIALS": "prod",
        })
    };
    let gone = |status| Reply::json(status, json!({"error": "busy", "error_description": "try again"}));
    run(&[
        default("the machine's own identity", json!({})),
        default("an identity of the machine's", json!({"AZURE_CLIENT_ID": CLIENT})),
        default("the kwargs' pair is for the machine", json!({}))
            .kwarg("managed_identity_client_id", json!(CLIENT))
            .kwarg("workload_identity_tenant_id", json!(TENANT)),
        default("the machine alone", json!({"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"})),
        default("production's credentials alone", json!({"AZURE_TOKEN_CREDENTIALS": "prod"})),
        default("a machine whose service is busy", json!({})).machine([gone(503)]),
        default("a machine whose service is not there yet", json!({})).machine([gone(404), gone(429)]),
        default("App Service", app_service()),
        default("App Service with a client id", app_service()).variable("AZURE_CLIENT_ID", CLIENT),
        default("Azure ML", azure_ml()),
        default("Azure ML with a client id", azure_ml()).variable("AZURE_CLIENT_ID", CLIENT),
        default("Cloud Shell", shell()),
        default("Cloud Shell with a client id", shell()).variable("AZURE_CLIENT_ID", CLIENT),
        default("an identity that the machine has not", json!({"AZURE_CLIENT_ID": "other", "AZURE_TOKEN_CREDENTIALS": "prod"}))
            .fails(4, &["Identity not found", "managed identity: ", "`AZURE_CLIENT_SECRET`", "hint: assign a managed identity"]),
        default("App Service with a wrong header", app_service())
            .variable("IDENTITY_HEADER", "wrong")
            .variable("AZURE_TOKEN_CREDENTIALS", "prod")
            .fails(4, &["App Service has no identity for this machine", "403"]),
        default("App Service that answers HTML", app_service())
            .machine([Reply::html(200)])
            .fails(5, &["App Service", "no JSON"]),
        default("an endpoint with nothing beside it", json!({"IDENTITY_ENDPOINT": "{machine}/msi/token", "AZURE_TOKEN_CREDENTIALS": "prod"}))
            .fails(4, &["`IDENTITY_HEADER`"]),
        default("Arc without a challenge", json!({"IDENTITY_ENDPOINT": "{machine}/arc", "IMDS_ENDPOINT": "{machine}", "AZURE_TOKEN_CREDENTIALS": "prod"}))
            .machine([Reply::json(200, json!({}))])
            .fails(4, &["no challenge"]),
        default(
            "Arc with a challenge that names another file",
            json!({"IDENTITY_ENDPOINT": "{machine}/arc", "IMDS_ENDPOINT": "{machine}", "AZURE_TOKEN_CREDENTIALS": "prod"}),
        )
        .machine([Reply::status(401).header("WWW-Authenticate", "Basic realm=/etc/passwd")])
        .fails(4, &["key file that cannot be read"]),
        default("Service Fabric", fabric()),
        default("Service Fabric with a wrong header", fabric()).variable("IDENTITY_HEADER", "wrong").fails(4, &["The secret is not there"]),
        default("Service Fabric at a server of another thumbprint", fabric())
            .variable("IDENTITY_SERVER_THUMBPRINT", "00112233445566778899aabbccddeeff00112233")
            .fails(5, &["certificate"])
            .other_requests(),
        default("Service Fabric with a thumbprint that is none", fabric()).variable("IDENTITY_SERVER_THUMBPRINT", "00").fails(2, &["SHA-1"]),
        default(
            "Service Fabric does not accept a client id",
            json!({
                "IDENTITY_ENDPOINT": "https://localhost:1/", "IDENTITY_HEADER": "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a",
                "IDENTITY_SERVER_THUMBPRINT": "00112233445566778899aabbccddeeff00112233", "AZURE_CLIENT_ID": CLIENT,
            }),
        )
        .fails(4, &["Service Fabric does not accept a client id"]),
    ]);
}

/// Runs `case` with tools on its PATH.
#[cfg(unix)]
fn with_tools(case: &Case, tools: &[(&str, String)]) {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    case.run(&world, judge, &|world| {
        for (name, script) in tools {
            world.tool(name, script);
        }
    });
}

#[cfg(unix)]
#[test]
fn people_who_are_logged_in_somewhere_are_airflows() {
    let dev = |name| Case::default_credential(name, json!({"AZURE_TOKEN_CREDENTIALS": "dev"}));
    let token = World::token();
    let az = format!(r#"echo '{{"accessToken": "{token}", "expires_on": 4102444800}}'"#);
    let old_az = format!(r#"echo '{{"accessToken": "{token}", "expiresOn": "2099-01-01 00:00:00.000000"}}'"#);
    let azd = format!(r#"echo '{{"token": "{token}", "expiresOn": "2099-01-01T00:00:00Z"}}'"#);
    // Each script asks for its own form.
    let pwsh = format!("echo 'azsdk%{token}%4102444800'; echo 'secretctl:token:{token}:4102444800'");
    with_tools(&dev("the Azure CLI"), &[("az", az.clone())]);
    with_tools(&dev("an old Azure CLI"), &[("az", old_az)]);
    with_tools(
        &dev("the Azure CLI before the others"),
        &[("az", az), ("azd", azd.clone())],
    );
    with_tools(&dev("the Azure Developer CLI"), &[("azd", azd.clone())]);
    with_tools(
        &dev("the Azure Developer CLI after an Azure CLI where nobody is logged in"),
        &[
            (
                "az",
                "echo \"Please run 'az login' to setup account.\" >&2; exit 1".to_owned(),
            ),
            ("azd", azd),
        ],
    );
    // Python runs it through a shell that it looks for on a PATH of its own, and ours is found on the same.
    with_tools(&dev("Azure PowerShell").other_requests(), &[("pwsh", pwsh)]);
    let failing: [(&str, &str, &str, &'static [&'static str]); 8] = [
        (
            "nobody is logged in to az",
            "az",
            "echo \"Please run 'az login'\" >&2; exit 1",
            &["nobody is logged in", "hint: run `az login`"],
        ),
        (
            "az fails",
            "az",
            "echo 'ERROR: AADSTS50076: az login again' >&2; exit 1",
            &["AADSTS50076"],
        ),
        (
            "az fails with a token in its words",
            "az",
            "echo 'ERROR: eyJhbGciOiJub25lIn0.e30.' >&2; exit 1",
            &["[redacted]"],
        ),
        (
            "az prints no token",
            "az",
            "echo hello",
            &["something that is not a token"],
        ),
        (
            "az is killed",
            "az",
            "kill -9 $$",
            &["Azure CLI: `az` failed", "hint: log in again with `az login`"],
        ),
        (
            "nobody is logged in to azd",
            "azd",
            "echo 'ERROR: not logged in, run `azd auth login` to login' >&2; exit 1",
            &["azd auth login"],
        ),
        (
            "azd fails",
            "azd",
            "echo '{\"error\": \"no such scope\"}'; exit 1",
            &["no such scope"],
        ),
        (
            "PowerShell lacks its module",
            "pwsh",
            "echo NO_AZ_ACCOUNT_MODULE; echo secretctl:no-module",
            &["Az.Accounts"],
        ),
    ];
    for (name, tool, script, says) in failing {
        with_tools(&dev(name).fails(4, says), &[(tool, script.to_owned())]);
    }
    with_tools(
        &dev("nobody at all").fails(
            4,
            &[
                "Azure CLI: `az` (the Azure CLI) is not in PATH",
                "`azd`",
                "`pwsh`",
                "hint:",
            ],
        ),
        &[],
    );
}

#[cfg(unix)]
#[test]
fn a_tool_that_hangs_is_given_ten_seconds_or_what_the_command_has_left() {
    let world = World::start();
    world.tool("az", "exec /bin/sleep 60");
    let env = json!({"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"});
    let output = world
        .program(&json!({"vault_url": "https://contoso.vault.azure.net/"}), &env)
        .args(["--timeout", "1.5", "get-var", "hello"])
        .run();
    assert_eq!(output.status, 5, "{}", output.stderr);
    assert!(output.time.as_millis() < 3000, "{:?}", output.time);
}

#[test]
fn nobody_waits_more_than_a_second_to_learn_that_there_is_no_machine_service() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let kwargs = json!({"vault_url": "https://contoso.vault.azure.net/"});
    let env =
        json!({"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:1", "AZURE_TOKEN_CREDENTIALS": "prod"});
    let question = json!({
        "op": "azure.waits", "kwargs": kwargs, "env": world.env(&env), "kind": "variable", "id": "hello",
    });
    let theirs = judge.ask(question);
    let seconds: f64 = theirs["waited"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_f64)
        .sum();
    let output = world.program(&kwargs, &env).args(["get-var", "hello"]).run();
    let patience = |seconds: f64| if seconds < 2.0 { "a second" } else { "longer" };
    differs(
        "azure-probe-time",
        &Sides {
            airflow: (
                Side::of_airflow(&theirs).asking(patience(seconds)),
                Side::failed("ClientAuthenticationError").asking("longer"),
            ),
            secretctl: (
                Side::of_secretctl(&output).asking(patience(output.time.as_secs_f64())),
                Side::failed("status 4").asking("a second"),
            ),
        },
    );
    for line in [
        "environment: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET` are not set",
        "workload identity: ",
        "managed identity: no metadata service answered within 1 s",
    ] {
        assert!(output.stderr.contains(line), "{}", output.stderr);
    }
}
