//! `-o FILE`: written as `export --out` writes, or not at all.

use std::os::unix::fs::PermissionsExt as _;

use super::world::inject;
use crate::support::temp_dir;

#[test]
fn a_file_is_readable_only_by_its_owner_and_replaced_atomically() {
    let folder = temp_dir();
    let path = folder.path().join("profiles.yml");
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = inject("password: {{ conn.warehouse.password }}\n")
        .arg("-o")
        .arg(&path)
        .run();
    assert_eq!((output.status, output.stdout.len()), (0, 0), "{}", output.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "password: p@ss w:rd\n");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(
        folder.path().read_dir().unwrap().count(),
        1,
        "the temporary file is gone"
    );
}

#[test]
fn a_template_that_fails_leaves_the_old_file() {
    let folder = temp_dir();
    let path = folder.path().join("out");
    std::fs::write(&path, "old").unwrap();
    for (template, status) in [
        ("{{ conn.warehouse.password }}{{ nope }}", 2),
        ("{{ conn.warehouse.password }}{{ var.value.nope }}", 3),
        ("{{ var.json.region }}", 6),
    ] {
        let output = inject(template).arg("--out").arg(&path).run();
        assert_eq!(output.status, status, "{}", output.stderr);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
}

#[test]
fn files_that_export_refuses_are_refused_and_so_is_the_template() {
    let folder = temp_dir();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("template"), "{{ conn.warehouse.password }}").unwrap();
    std::fs::write(path("github"), "A=1\n").unwrap();
    std::os::unix::fs::symlink(path("elsewhere"), path("link")).unwrap();
    for (out, message) in [
        ("github", "would replace what other steps wrote to `$GITHUB_ENV`"),
        ("link", "is a symbolic link"),
        ("template", "`--out` would replace the template"),
        ("missing/out", "cannot be used"),
        (".", "is not a file"),
    ] {
        let output = inject("")
            .dir(folder.path())
            .env("GITHUB_ENV", path("github"))
            .args(["-i", "template", "-o", out])
            .run();
        assert_eq!(output.status, 2, "{out}");
        assert!(output.stderr.contains(message), "{out}: {}", output.stderr);
        assert!(output.stdout.is_empty());
    }
    assert_eq!(std::fs::read_to_string(path("github")).unwrap(), "A=1\n");
}

#[test]
fn a_dash_is_stdin_and_stdout() {
    let output = inject("{{ var.value.region }}")
        .args(["-i", "-", "-o", "-"])
        .run();
    assert_eq!(output.text(), "eu-west-1\n");
}
