//! Policies: what must be allowed, in the form that each service reads.
//!
//! Each function takes privileges of its own service and leaves out others. Must not know how a name becomes a resource.

mod azure;
mod vault;

use serde_json::{Map, Value, json};

use crate::privilege::{PolicyFormat, Privilege};

pub use azure::azure;
pub use vault::vault;

/// Writes a policy.
pub type Write = fn(&[Privilege]) -> String;

/// Returns what the policy alone does not give, for a warning.
#[must_use]
pub fn note(format: PolicyFormat) -> Option<&'static str> {
    match format {
        PolicyFormat::Vault => None,
        PolicyFormat::Aws => Some(
            "what is encrypted with a key of your own also needs `kms:Decrypt` on that key; `aws/secretsmanager` and `aws/ssm` need \
             nothing",
        ),
        PolicyFormat::Gcp => Some(
            "set the variable `member` to who reads: `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`",
        ),
        PolicyFormat::Azure => Some(
            "deploy it to the vault's resource group, with the object id of who reads as `principalId`; the vault must use Azure's \
             role-based access control",
        ),
    }
}

/// Writes an IAM policy, with one statement for each action.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.
#[must_use]
pub fn aws(privileges: &[Privilege]) -> String {
    let mut statements: Vec<(&str, Vec<&str>)> = Vec::new();
    for privilege in privileges {
        let Privilege::Aws { action, resource } = privilege else {
            continue;
        };
        match statements.iter_mut().find(|(known, _)| known == action) {
            Some((_, resources)) => resources.push(resource),
            None => statements.push((action, vec![resource])),
        }
    }
    let statements: Vec<Value> = statements
        .into_iter()
        .map(|(action, resources)| json!({"Effect": "Allow", "Action": action, "Resource": resources}))
        .collect();
    pretty(&json!({"Version": "2012-10-17", "Statement": statements}))
}

/// Writes Terraform's JSON: one member of one secret each, which leaves the secret's other members alone.
///
/// Sources: <https://developer.hashicorp.com/terraform/language/syntax/json>,
/// <https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/secret_manager_secret_iam>.
#[must_use]
pub fn gcp(privileges: &[Privilege]) -> String {
    let mut members = Map::new();
    for privilege in privileges {
        let Privilege::Gcp { project, secret } = privilege else {
            continue;
        };
        let mut member = json!({
            "secret_id": secret,
            "role": "roles/secretmanager.secretAccessor",
            "member": "${var.member}",
        });
        // Without a project, it is the provider's.
        if let Some(project) = project {
            member["project"] = project.as_str().into();
        }
        members.insert(format!("airflow_{}", members.len() + 1), member);
    }
    pretty(&json!({
        "variable": {"member": {"type": "string", "description": "Who may read the secrets"}},
        "resource": {"google_secret_manager_secret_iam_member": members},
    }))
}

/// Returns JSON on many lines, with a newline at its end.
fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
