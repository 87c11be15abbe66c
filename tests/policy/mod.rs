//! `policy`: every name can be read with it, and no other: loaded into `OpenBao`, compared with the ARNs that moto gives, and by
//! structure for Google and Azure.

mod aws;
mod vault;

use serde_json::{Value, json};

use crate::support::{Program, secretctl, temp_dir};

const AZURE: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";
const GOOGLE: &str = "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend";

#[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
fn program(class_path: &str, kwargs: Value) -> Program {
    secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", class_path)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
        .arg("policy")
}

fn key_vault() -> Program {
    program(AZURE, json!({"vault_url": "https://contoso.vault.azure.net/"}))
}

#[test]
fn google_gets_a_member_of_each_secret() {
    let kwargs = json!({"project_id": "proj", "gcp_key_path": "/nonexistent/key.json"});
    let output = program(GOOGLE, kwargs)
        .env("AIRFLOW__CORE__MULTI_TEAM", "True")
        .args([
            "--team", "red", "--conn", "db", "--var", "a", "--var", "a", "--format", "gcp",
        ])
        .run();
    let policy: Value = serde_json::from_str(output.ok()).unwrap();
    let members = policy["resource"]["google_secret_manager_secret_iam_member"]
        .as_object()
        .unwrap();
    let secrets: Vec<&str> = members
        .values()
        .map(|member| member["secret_id"].as_str().unwrap())
        .collect();
    assert_eq!(
        secrets,
        [
            "airflow-connections-red--db",
            "airflow-connections-db",
            "airflow-variables-red--a",
            "airflow-variables-a"
        ]
    );
    for member in members.values() {
        assert_eq!(member["project"], "proj");
        assert_eq!(member["role"], "roles/secretmanager.secretAccessor");
        assert_eq!(member["member"], "${var.member}");
    }
    assert_eq!(policy["variable"]["member"]["type"], "string");
}

#[test]
fn azure_gets_a_role_assignment_at_the_scope_of_each_secret() {
    let output = key_vault()
        .args(["--conn", "smtp_default", "--var", "hello", "--format", "azure"])
        .run();
    let template: Value = serde_json::from_str(output.ok()).unwrap();
    assert!(
        template["$schema"]
            .as_str()
            .unwrap()
            .ends_with("/deploymentTemplate.json#")
    );
    assert_eq!(template["contentVersion"], "1.0.0.0");
    let resources = template["resources"].as_array().unwrap();
    let scopes: Vec<&str> = resources
        .iter()
        .map(|one| one["scope"].as_str().unwrap())
        .collect();
    let start = "Microsoft.KeyVault/vaults/contoso/secrets/airflow";
    assert_eq!(
        scopes,
        [
            format!("{start}-connections-smtp-default"),
            format!("{start}-variables-hello")
        ]
    );
    for one in resources {
        assert_eq!(one["type"], "Microsoft.Authorization/roleAssignments");
        let role = one["properties"]["roleDefinitionId"].as_str().unwrap();
        assert!(role.contains("4633458b-17de-408a-b874-0445c86b69e6"), "{role}");
        assert_eq!(one["properties"]["principalId"], "[parameters('principalId')]");
    }
    assert_ne!(resources[0]["name"], resources[1]["name"]);
    assert!(output.stderr.contains("resource group"), "{}", output.stderr);
}

#[test]
fn a_format_that_does_not_fit_is_status_2_and_names_the_one_that_does() {
    for format in ["vault", "aws", "gcp"] {
        let output = key_vault().args(["--var", "a", "--format", format]).run();
        assert_eq!((output.status, output.text()), (2, ""), "{}", output.stderr);
        assert!(
            output.stderr.contains("use `--format azure`"),
            "{}",
            output.stderr
        );
    }
    let output = secretctl()
        .args(["policy", "--var", "a", "--format", "vault"])
        .run();
    assert_eq!((output.status, output.text()), (2, ""), "{}", output.stderr);
    assert!(
        output.stderr.contains("no secrets backend is configured"),
        "{}",
        output.stderr
    );
}

#[test]
fn names_that_are_not_looked_up_are_a_warning_or_if_there_are_no_others_an_error() {
    let output = key_vault()
        .args(["--var", "a", "--var", "b.c", "--format", "azure"])
        .run();
    assert!(output.ok().contains("airflow-variables-a") && !output.text().contains("b.c"));
    assert!(
        output
            .stderr
            .contains("variable `b.c` is not looked up in Azure Key Vault"),
        "{}",
        output.stderr
    );
    let output = key_vault().args(["--var", "b.c", "--format", "azure"]).run();
    assert_eq!((output.status, output.text()), (2, ""), "{}", output.stderr);
    for args in [
        &["--format", "azure"][..],
        &["--var", "", "--format", "azure"],
        &["--var", "a"],
    ] {
        let output = key_vault().args(args).run();
        assert_eq!((output.status, output.text()), (2, ""), "{}", output.stderr);
    }
}

#[test]
fn the_names_of_from_are_those_that_the_code_uses() {
    let folder = temp_dir();
    std::fs::write(
        folder.path().join("dag.py"),
        "from airflow.models import Variable\nfrom airflow.hooks.base import BaseHook\n\
         BaseHook.get_connection('warehouse')\nVariable.get('region')\nVariable.get('region', 'x')\nVariable.get(name)\n",
    )
    .unwrap();
    let output = key_vault()
        .args(["--conn", "smtp_default", "--format", "azure", "--from"])
        .arg(folder.path())
        .run();
    let template: Value = serde_json::from_str(output.ok()).unwrap();
    let scopes: Vec<&str> = template["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["scope"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        scopes,
        [
            "airflow-connections-smtp-default",
            "airflow-connections-warehouse",
            "airflow-variables-region"
        ]
    );
    assert!(
        output.stderr.contains("is not known without running the code"),
        "{}",
        output.stderr
    );
    let empty = temp_dir();
    let output = key_vault()
        .args(["--format", "azure", "--from"])
        .arg(empty.path())
        .run();
    assert_eq!((output.status, output.text()), (2, ""), "{}", output.stderr);
}
