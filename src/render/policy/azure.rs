//! Role assignments of Azure, as a template of Azure Resource Manager for the resource group of the vault.
//!
//! Sources: <https://learn.microsoft.com/azure/templates/microsoft.authorization/roleassignments>,
//! <https://learn.microsoft.com/azure/key-vault/general/rbac-guide> (scopes of a secret),
//! <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security#key-vault-secrets-user>.

use serde_json::{Value, json};

use super::pretty;
use crate::privilege::Privilege;

/// The id of the role `Key Vault Secrets User`, the same everywhere.
const SECRETS_USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";

/// Writes one role assignment for each secret. A template needs neither the subscription nor the group.
#[must_use]
pub fn azure(privileges: &[Privilege]) -> String {
    let assignments: Vec<Value> = privileges.iter().filter_map(assignment).collect();
    pretty(&json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "principalId": {"type": "string", "metadata": {"description": "The object id of who may read the secrets"}},
        },
        "resources": assignments,
    }))
}

fn assignment(privilege: &Privilege) -> Option<Value> {
    let Privilege::Azure { vault, secret } = privilege else {
        return None;
    };
    let role =
        format!("[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{SECRETS_USER}')]");
    // A quote in a text of a template is doubled.
    let texts = [vault, secret].map(|text| text.replace('\'', "''"));
    let name = format!(
        "[guid(resourceGroup().id, '{}', '{}', parameters('principalId'), '{SECRETS_USER}')]",
        texts[0], texts[1]
    );
    Some(json!({
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "scope": format!("Microsoft.KeyVault/vaults/{vault}/secrets/{secret}"),
        "name": name,
        "properties": {
            "roleDefinitionId": role,
            "principalId": "[parameters('principalId')]",
        },
    }))
}
