//! Privileges: what must be allowed so that one step of a lookup may be asked.
//!
//! Owns the vocabulary between a backend, which knows its own resources, and the formats of policies. Must not know any backend.

/// The right to read one thing, in the terms of the service that has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Privilege {
    /// `read` on a path of Vault.
    Vault {
        /// The path as policies write it: with the mount and KV v2's `data/`, not quoted.
        path: String,
        /// The namespace of the policy.
        namespace: Option<String>,
    },
    /// An action of AWS on a resource.
    Aws {
        /// The action: `secretsmanager:GetSecretValue`.
        action: &'static str,
        /// The resource's ARN. What the configuration does not say is `*`.
        resource: String,
    },
    /// The role `roles/secretmanager.secretAccessor` on a secret of Google's.
    Gcp {
        /// The project; `None` if only the credentials have it.
        project: Option<String>,
        /// The secret's name.
        secret: String,
    },
    /// The role `Key Vault Secrets User` on a secret of Azure's.
    Azure {
        /// The vault's name.
        vault: String,
        /// The secret's name.
        secret: String,
    },
}

/// The service whose policies allow a backend to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyFormat {
    /// Policies of Vault and `OpenBao`, in HCL.
    Vault,
    /// An IAM policy of AWS, in JSON.
    Aws,
    /// IAM members of secrets in Google Cloud, in Terraform's JSON.
    Gcp,
    /// Role assignments of Azure, as a template of Azure Resource Manager.
    Azure,
}

impl PolicyFormat {
    /// Returns the word for `--format`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
        }
    }
}
