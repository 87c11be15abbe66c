//! Key Vault's challenge: an accepted one is for the vault's own domain, and means the same in the SDK's form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::backend::azure_key_vault::fuzzing::challenge;

fuzz_target!(|text: &str| {
    // The requested authority, and the header of its answer.
    let Some((authority, header)) = text.split_once('\n') else {
        return;
    };
    if header.contains(char::is_control) {
        return;
    }
    secretctl_fuzz::airflow::challenge(authority, header);
    let accepted = match challenge(header, authority) {
        Ok(accepted) => accepted,
        Err(error) => {
            assert_eq!(error.kind().exit_status(), 4);
            assert!(
                !secretctl_fuzz::shown(&error)
                    .chars()
                    .any(|c| c.is_control() && c != '\n')
            );
            return;
        }
    };
    let resource = accepted.scope.split_once("//").expect("a resource is a URL").1;
    let resource = resource
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let authority = authority.to_ascii_lowercase();
    assert!(!resource.is_empty());
    let bare = |authority: &str| authority.strip_suffix(":443").unwrap_or(authority).to_owned();
    let is_parent = |child: &str, parent: &str| child.ends_with(&format!(".{parent}"));
    assert!(is_parent(&authority, &resource) || is_parent(&bare(&authority), &bare(&resource)));
    assert!(
        accepted
            .tenant
            .is_none_or(|tenant| !tenant.is_empty() && !tenant.contains('/'))
    );
    let again = challenge(&accepted.canonical, &authority).expect("its other form is a challenge too");
    assert_eq!((again.scope, again.claims), (accepted.scope, None));
});
