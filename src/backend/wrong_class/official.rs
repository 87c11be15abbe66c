//! The present and former class paths of Airflow's official backends, and which of them a text means.
//!
//! Every one is in the registry. Must not know how a backend is built.
//!
//! Source: airflow 3.3.2 and the `secrets-backends` of the official providers' `provider.yaml`; Airflow 1.10.15,
//! `airflow/contrib/secrets`.

use crate::nearest::within_edits;

/// The class paths of Airflow and its official providers.
pub(in crate::backend) const OFFICIAL: &[&str] = &[
    "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
    "airflow.providers.hashicorp.secrets.vault.VaultBackend",
    "airflow.secrets.local_filesystem.LocalFilesystemBackend",
    "airflow.secrets.environment_variables.EnvironmentVariablesBackend",
    "airflow.secrets.metastore.MetastoreBackend",
    "airflow.sdk.execution_time.secrets.execution_api.ExecutionAPISecretsBackend",
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
    "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend",
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend",
    "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend",
    "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend",
];

/// Former modules and classes, in lower case, and where the class is now.
const FORMER: &[(&str, &str)] = &[
    ("airflow.contrib.secrets.hashicorp_vault", OFFICIAL[1]),
    ("airflow.contrib.secrets.azure_key_vault", OFFICIAL[0]),
    ("airflow.contrib.secrets.aws_secrets_manager", OFFICIAL[6]),
    ("airflow.contrib.secrets.aws_systems_manager", OFFICIAL[7]),
    ("airflow.contrib.secrets.gcp_secrets_manager", OFFICIAL[8]),
    (
        "airflow.providers.microsoft.azure.secrets.azure_key_vault",
        OFFICIAL[0],
    ),
    (
        "airflow.providers.google.cloud.secrets.secrets_manager",
        OFFICIAL[8],
    ),
];

/// Words for a backend, from people who do not know its class path.
const WORDS: &[(&str, &str)] = &[
    ("azure", OFFICIAL[0]),
    ("azurekeyvault", OFFICIAL[0]),
    ("keyvault", OFFICIAL[0]),
    ("akv", OFFICIAL[0]),
    ("hashicorp", OFFICIAL[1]),
    ("vault", OFFICIAL[1]),
    ("hashicorpvault", OFFICIAL[1]),
    ("hcpvault", OFFICIAL[1]),
    ("openbao", OFFICIAL[1]),
    ("local", OFFICIAL[2]),
    ("localfilesystem", OFFICIAL[2]),
    ("filesystem", OFFICIAL[2]),
    ("file", OFFICIAL[2]),
    ("env", OFFICIAL[3]),
    ("environment", OFFICIAL[3]),
    ("environmentvariables", OFFICIAL[3]),
    ("metastore", OFFICIAL[4]),
    ("aws", OFFICIAL[6]),
    ("amazon", OFFICIAL[6]),
    ("secretsmanager", OFFICIAL[6]),
    ("awssecretsmanager", OFFICIAL[6]),
    ("ssm", OFFICIAL[7]),
    ("awsssm", OFFICIAL[7]),
    ("parameterstore", OFFICIAL[7]),
    ("systemsmanager", OFFICIAL[7]),
    ("gcp", OFFICIAL[8]),
    ("google", OFFICIAL[8]),
    ("secretmanager", OFFICIAL[8]),
    ("gcpsecretmanager", OFFICIAL[8]),
    ("googlesecretmanager", OFFICIAL[8]),
    ("kubernetes", OFFICIAL[9]),
    ("k8s", OFFICIAL[9]),
    ("yandex", OFFICIAL[10]),
    ("lockbox", OFFICIAL[10]),
    ("akeyless", OFFICIAL[11]),
];

/// Returns the official class path that `text` probably means.
pub(super) fn nearest(text: &str) -> Option<&'static str> {
    let words = || {
        text.split(|c: char| !(c.is_alphanumeric() || "_.:/\\-".contains(c)))
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_'))
            .filter(|word| !word.is_empty())
            .take(20)
    };
    let official = |word: &str| {
        let word = word.to_lowercase();
        let dotted = word.replace([':', '/', '\\'], ".");
        let dotted = dotted.strip_suffix(".py").unwrap_or(&dotted).to_owned();
        by_path(&dotted).or_else(|| by_class(&dotted))
    };
    // A path says more than a word next to it.
    let path = words()
        .filter(|word| word.contains(['.', ':', '/']))
        .find_map(official);
    path.or_else(|| words().find_map(by_word))
        .or_else(|| words().find_map(official))
}

/// Returns the official class whose path, module or former path is `path`, or nearly so. `path` is in lower case.
fn by_path(path: &str) -> Option<&'static str> {
    let exact = OFFICIAL.iter().find(|official| official.to_lowercase() == path);
    let module = || {
        OFFICIAL.iter().find(|official| {
            official
                .rsplit_once('.')
                .is_some_and(|(module, _)| module == path)
        })
    };
    let near = || {
        let most = 2 + path.len() / 12;
        within_edits(path, most, OFFICIAL, |official| official)
            .into_iter()
            .next()
    };
    // A path that lacks its beginning, or has something before it.
    let end = || {
        let ends = |long: &str, short: &str| {
            long.strip_suffix(short)
                .is_some_and(|before| before.ends_with('.'))
        };
        OFFICIAL.iter().find(|official| {
            let official = official.to_lowercase();
            ends(path, &official) || path.matches('.').count() > 1 && ends(&official, path)
        })
    };
    exact
        .or_else(module)
        .or_else(end)
        .copied()
        .or_else(|| former(path))
        .or_else(|| near().copied())
}

/// Returns the present path of the class that was formerly at `path`, which is in lower case.
pub(super) fn former(path: &str) -> Option<&'static str> {
    let known = FORMER.iter().find(|(module, _)| {
        path.strip_prefix(module)
            .is_some_and(|class| class.is_empty() || class.starts_with('.'))
    });
    known.map(|(_, now)| *now)
}

/// Returns the official class whose name ends `path`. `path` is in lower case, and may be only the name.
fn by_class(path: &str) -> Option<&'static str> {
    let name = path.rsplit('.').next().unwrap_or(path);
    // A custom `mycompany.secrets.VaultBackend` is not Airflow's.
    if path.contains('.') && !path.starts_with("airflow") {
        return None;
    }
    OFFICIAL.iter().copied().find(|official| {
        let class = official.rsplit('.').next().unwrap_or(official);
        looks_like(name, &class.to_lowercase())
    })
}

/// Whether `name` is the name of `class`, or nearly so. Both are in lower case.
pub(super) fn looks_like(name: &str, class: &str) -> bool {
    !within_edits(name, 2, [class], |class| class).is_empty()
}

/// Returns the official class that a single word means.
fn by_word(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase().replace(['_', '-'], "");
    let word = word.strip_suffix("backend").unwrap_or(&word);
    let word = word.strip_suffix("secrets").unwrap_or(word);
    WORDS
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, official)| *official)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_official_path_is_found_by_each_way_of_writing_it() {
        for path in OFFICIAL {
            let (module, class) = path.rsplit_once('.').unwrap();
            for written in [
                (*path).to_owned(),
                path.to_uppercase(),
                module.to_owned(),
                class.to_owned(),
                format!("{module}:{class}"),
                format!("{}.py", module.replace('.', "/")),
                format!("'{path}'"),
                format!("{path} # comment"),
                path.replacen("secrets", "secret", 1),
                path.replace("airflow.", "airlfow."),
            ] {
                assert_eq!(nearest(&written), Some(*path), "{written}");
            }
        }
        for (former, now) in FORMER {
            assert_eq!(nearest(&format!("{former}.Class")), Some(*now));
        }
        for (word, path) in WORDS {
            assert_eq!(nearest(word), Some(*path));
            assert_eq!(nearest(&format!("{word}_backend")), Some(*path), "{word}");
        }
    }

    #[test]
    fn an_unrelated_text_means_no_official_class() {
        for text in [
            "",
            "x",
            "mycompany.secrets.Backend",
            "mycompany.secrets.VaultBackend",
            "{}",
            "名前",
        ] {
            assert_eq!(nearest(text), None, "{text}");
        }
    }
}
