//! Tests the order of precedence in the documentation of `secretctl::settings`, from top to bottom.

use std::time::{Duration, Instant};

use secretctl::cli::{ColorChoice, GlobalArgs};
use secretctl::settings::Settings;

use super::{backend, env, file, resolve};
use crate::support::temp_dir;

/// Everything that names a backend, weakest last; each is removed in turn.
#[test]
fn a_backend_is_configured_by_the_first_that_names_one() {
    let dir = temp_dir();
    let cfg = file(
        &dir,
        "airflow.cfg",
        "[DEFAULT]\nbackend = default\n[secrets]\nbackend = cfg\n",
    );
    let without_option = file(&dir, "without.cfg", "[DEFAULT]\nbackend = default\n[secrets]\n");
    let without_section = file(&dir, "nothing.cfg", "[DEFAULT]\nbackend = default\n");
    let later = file(
        &dir,
        "later.env",
        "AIRFLOW__SECRETS__BACKEND=first\nAIRFLOW__SECRETS__BACKEND=later\n",
    );
    let earlier = file(&dir, "earlier.env", "AIRFLOW__SECRETS__BACKEND=earlier\n");
    let mut args = GlobalArgs {
        backend: Some("option".into()),
        env_file: vec![earlier, later],
        config: Some(cfg),
        ..GlobalArgs::default()
    };
    let mut pairs = vec![
        ("SECRETCTL_BACKEND", "secretctl"),
        ("AIRFLOW__SECRETS__BACKEND", "process"),
    ];
    let class = |args: &GlobalArgs, pairs: &[(&str, &str)]| backend(&resolve(args, pairs).unwrap()).0;
    assert_eq!(class(&args, &pairs), "option");
    args.backend = None;
    assert_eq!(class(&args, &pairs), "secretctl");
    pairs[0].1 = "";
    assert_eq!(class(&args, &pairs), "process");
    pairs.clear();
    assert_eq!(class(&args, &pairs), "later");
    args.env_file.pop();
    assert_eq!(class(&args, &pairs), "earlier");
    args.env_file.pop();
    assert_eq!(class(&args, &pairs), "cfg");
    args.config = Some(without_option);
    assert_eq!(class(&args, &pairs), "default");
    args.config = Some(without_section);
    assert_eq!(class(&args, &pairs), "");
}

#[test]
#[cfg(unix)]
fn kwargs_are_configured_by_the_first_that_has_them() {
    let dir = temp_dir();
    let class = ("AIRFLOW__SECRETS__BACKEND", "x");
    let kwargs = |args: &GlobalArgs, pairs: &[(&str, &str)]| {
        let mut all = vec![class, ("PATH", "/usr/bin:/bin")];
        all.extend(pairs);
        resolve(args, &all)
            .map(|settings| backend(&settings).1)
            .map_err(|error| error.message().to_owned())
    };
    let cfg = |text: &str| GlobalArgs {
        config: Some(file(&dir, "airflow.cfg", format!("[secrets]\n{text}"))),
        ..GlobalArgs::default()
    };
    let all = "backend_kwargs = {\"from\": 6}\nbackend_kwargs_cmd = echo {\\\"from\\\":7}\nbackend_kwargs_secret = x\n";
    let mut args = GlobalArgs {
        backend_kwargs: Some(r#"{"from": 1}"#.into()),
        ..cfg(all)
    };
    let variable = ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"from": 3}"#);
    let command = ("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", r#"echo {\"from\":4}"#);
    let secret = ("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET", "x");
    let own = ("SECRETCTL_BACKEND_KWARGS", r#"{"from": 2}"#);
    assert_eq!(
        kwargs(&args, &[own, variable, command, secret]).unwrap(),
        r#"{"from": 1}"#
    );
    args.backend_kwargs = None;
    assert_eq!(
        kwargs(&args, &[own, variable, command, secret]).unwrap(),
        r#"{"from": 2}"#
    );
    assert_eq!(
        kwargs(&args, &[variable, command, secret]).unwrap(),
        r#"{"from": 3}"#
    );
    assert_eq!(kwargs(&args, &[command, secret]).unwrap(), r#"{"from": 4}"#);
    assert!(
        kwargs(&args, &[secret])
            .unwrap_err()
            .contains("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET cannot be used")
    );
    assert_eq!(kwargs(&args, &[]).unwrap(), r#"{"from": 6}"#);
    let rest = &all[all.find("backend_kwargs_cmd").unwrap()..];
    assert_eq!(kwargs(&cfg(rest), &[]).unwrap(), r#"{"from": 7}"#);
    let silent = rest.replace("echo {\\\"from\\\":7}", "true");
    assert!(
        kwargs(&cfg(&silent), &[])
            .unwrap_err()
            .contains("backend_kwargs_secret")
    );
    assert_eq!(kwargs(&cfg(""), &[]).unwrap(), "{}");
    // An empty value is final.
    assert_eq!(
        kwargs(&cfg(all), &[("AIRFLOW__SECRETS__BACKEND_KWARGS", "")]).unwrap(),
        "{}"
    );
    assert_eq!(
        kwargs(&cfg(&all.replace("{\"from\": 6}", "")), &[]).unwrap(),
        "{}"
    );
}

#[test]
fn a_single_kwarg_overrides_configured_json_but_not_the_option() {
    let single = [
        ("AIRFLOW__SECRETS__BACKEND", "x"),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"a": 1, "b": 1}"#),
        ("AIRFLOW__SECRETS__BACKEND_KWARG__B", "$single"),
        ("AIRFLOW__SECRETS__BACKEND_KWARG__C", "single"),
    ];
    let mut args = GlobalArgs::default();
    assert_eq!(
        backend(&resolve(&args, &single).unwrap()).1,
        r#"{"a": 1, "b": "$single", "c": "single"}"#
    );
    args.backend_kwargs = Some(r#"{"c": 2, "d": 2}"#.into());
    assert_eq!(
        backend(&resolve(&args, &single).unwrap()).1,
        r#"{"b": "$single", "c": 2, "d": 2}"#
    );
}

#[test]
fn kwargs_of_another_class_are_dropped() {
    let configured = [
        ("AIRFLOW__SECRETS__BACKEND", "x"),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"a": 1}"#),
        ("AIRFLOW__SECRETS__BACKEND_KWARG__B", "1"),
    ];
    let with = |class: &str| GlobalArgs {
        backend: Some(class.to_owned()),
        ..GlobalArgs::default()
    };
    assert_eq!(
        backend(&resolve(&with("x"), &configured).unwrap()).1,
        r#"{"a": 1, "b": "1"}"#
    );
    assert_eq!(backend(&resolve(&with("y"), &configured).unwrap()).1, "{}");
    assert_eq!(
        backend(&resolve(&with("y"), &configured[1..]).unwrap()).1,
        r#"{"a": 1, "b": "1"}"#
    );
}

#[test]
fn a_worker_uses_all_of_its_own_section_or_all_of_secrets() {
    let all = [
        ("AIRFLOW__WORKERS__SECRETS_BACKEND", "w"),
        ("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS", r#"{"w": 1}"#),
        ("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__V", "1"),
        ("AIRFLOW__SECRETS__BACKEND", "s"),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"s": 1}"#),
        ("AIRFLOW__SECRETS__BACKEND_KWARG__T", "1"),
    ];
    let worker = GlobalArgs {
        worker: true,
        ..GlobalArgs::default()
    };
    let configured = |args: &GlobalArgs, pairs: &[(&str, &str)]| {
        let settings = resolve(args, pairs).unwrap();
        let spec = &settings.search_path[0];
        (
            spec.class_path.clone(),
            spec.kwargs.remaining().collect::<Vec<_>>().join(" "),
        )
    };
    assert_eq!(configured(&worker, &all), ("w".to_owned(), "w v".to_owned()));
    assert_eq!(configured(&worker, &all[1..]), ("s".to_owned(), "s t".to_owned()));
    assert_eq!(
        configured(&GlobalArgs::default(), &all),
        ("s".to_owned(), "s t".to_owned())
    );
    let mut by_variable = all.to_vec();
    by_variable.push(("SECRETCTL_WORKER", "true"));
    assert_eq!(
        configured(&GlobalArgs::default(), &by_variable),
        ("w".to_owned(), "w v".to_owned())
    );
}

#[test]
fn the_airflow_cfg_is_the_first_that_is_named() {
    let dir = temp_dir();
    let home = dir.path().join("home");
    std::fs::create_dir_all(home.join("airflow")).unwrap();
    let write = |name: &str| {
        let path = file(&dir, name, format!("[secrets]\nbackend = {name}\n"));
        path.to_str().unwrap().to_owned()
    };
    let (option, own, config) = (write("option"), write("own"), write("config"));
    std::fs::write(
        dir.path().join("airflow.cfg"),
        "[secrets]\nbackend = in_airflow_home\n",
    )
    .unwrap();
    std::fs::write(home.join("airflow/airflow.cfg"), "[secrets]\nbackend = in_home\n").unwrap();
    let mut args = GlobalArgs {
        config: Some(option.into()),
        ..GlobalArgs::default()
    };
    let mut pairs = vec![
        ("SECRETCTL_CONFIG", own.as_str()),
        ("AIRFLOW_CONFIG", config.as_str()),
        ("AIRFLOW_HOME", "$HOME/.."),
        ("HOME", home.to_str().unwrap()),
    ];
    let class = |args: &GlobalArgs, pairs: &[(&str, &str)]| backend(&resolve(args, pairs).unwrap()).0;
    assert_eq!(class(&args, &pairs), "option");
    args.config = None;
    assert_eq!(class(&args, &pairs), "own");
    pairs.remove(0);
    assert_eq!(class(&args, &pairs), "config");
    assert_eq!(class(&args, &[("AIRFLOW_CONFIG", ""), pairs[1], pairs[2]]), "");
    pairs.remove(0);
    assert_eq!(class(&args, &pairs), "in_airflow_home");
    pairs.remove(0);
    assert_eq!(class(&args, &pairs), "in_home");
}

#[test]
fn every_option_has_its_variable_and_an_empty_one_is_absent() {
    let none = resolve(&GlobalArgs::default(), &[]).unwrap();
    let flags = |settings: &Settings| {
        [
            settings.lenient,
            settings.no_newline,
            settings.no_mask,
            settings.quiet,
            settings.search_path.len() == 2,
        ]
    };
    assert_eq!(flags(&none), [false, false, false, false, true]);
    assert_eq!(
        (none.team.clone(), none.verbose, none.color, none.jobs),
        (None, 0, ColorChoice::Auto, 8)
    );
    let variables = [
        ("SECRETCTL_LENIENT", "1"),
        ("SECRETCTL_NO_NEWLINE", "true"),
        ("SECRETCTL_NO_MASK", "yes"),
        ("SECRETCTL_QUIET", "on"),
        ("SECRETCTL_NO_FALLBACK", "TRUE"),
        ("SECRETCTL_BACKEND", "x"),
        ("SECRETCTL_BACKEND_KWARGS", "{}"),
        ("SECRETCTL_TEAM", "t"),
        ("SECRETCTL_VERBOSE", "2"),
        ("SECRETCTL_COLOR", "never"),
        ("SECRETCTL_TIMEOUT", "2.5"),
        ("SECRETCTL_JOBS", "64"),
        ("AIRFLOW__CORE__MULTI_TEAM", "True"),
    ];
    let set = resolve(&GlobalArgs::default(), &variables).unwrap();
    assert_eq!(flags(&set), [true, true, true, true, false]);
    assert_eq!(
        (set.team.as_deref(), set.verbose, set.color, set.jobs),
        (Some("t"), 2, ColorChoice::Never, 64)
    );
    assert_eq!(set.search_path.len(), 1);
    let left = set.deadline - Instant::now();
    assert!(
        left <= Duration::from_millis(2500) && left > Duration::from_millis(1500),
        "{left:?}"
    );
    let empty: Vec<_> = variables
        .iter()
        .map(|(name, _)| (*name, ""))
        .filter(|(name, _)| name.starts_with("SECR"))
        .collect();
    assert_eq!(
        flags(&resolve(&GlobalArgs::default(), &empty).unwrap()),
        flags(&none)
    );
    let args = GlobalArgs {
        timeout: Some("100".into()),
        jobs: Some("1".into()),
        color: Some(ColorChoice::Always),
        ..GlobalArgs::default()
    };
    let by_option = resolve(&args, &variables).unwrap();
    assert!(by_option.deadline - Instant::now() > Duration::from_secs(50));
    assert_eq!((by_option.color, by_option.jobs), (ColorChoice::Always, 1));
}

#[test]
fn an_env_file_may_carry_options_and_the_process_s_variables_win() {
    let dir = temp_dir();
    let path = file(
        &dir,
        "a.env",
        "SECRETCTL_NO_NEWLINE=1\nSECRETCTL_VERBOSE=2\nSECRETCTL_ENV_FILE=/nonexistent\n",
    );
    let pairs = [
        ("SECRETCTL_ENV_FILE", path.to_str().unwrap()),
        ("SECRETCTL_VERBOSE", "1"),
    ];
    let settings = resolve(&GlobalArgs::default(), &pairs).unwrap();
    assert!(settings.no_newline && settings.verbose == 1);
}

#[test]
fn options_that_mean_nothing_are_status_2() {
    let refused: &[&[(&str, &str)]] = &[
        &[("SECRETCTL_LENIENT", "maybe")],
        &[("SECRETCTL_TIMEOUT", "0")],
        &[("SECRETCTL_TIMEOUT", "1e3")],
        &[("SECRETCTL_JOBS", "0")],
        &[("SECRETCTL_JOBS", "65")],
        &[("SECRETCTL_COLOR", "blue")],
        &[("SECRETCTL_VERBOSE", "-1")],
        &[("SECRETCTL_CONFIG", "/nonexistent/airflow.cfg")],
        &[("SECRETCTL_TEAM", "t")],
        &[("SECRETCTL_NO_FALLBACK", "1")],
        &[
            ("SECRETCTL_BACKEND", "x"),
            ("SECRETCTL_BACKEND_KWARGS", "@/nonexistent"),
        ],
        &[
            ("SECRETCTL_BACKEND", "x"),
            ("SECRETCTL_BACKEND_KWARGS", "hunter2"),
        ],
        &[("AIRFLOW__CORE__MULTI_TEAM", "yes")],
        &[("AIRFLOW__CORE__UNIT_TEST_MODE", "yes")],
        &[("AIRFLOW_HOME", "$AIRFLOW_HOME/x")],
    ];
    for pairs in refused {
        let error = resolve(&GlobalArgs::default(), pairs).expect_err(pairs[0].0);
        assert_eq!(error.kind().exit_status(), 2, "{pairs:?}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    let bytes = [
        ("SECRETCTL_TEAM".to_owned(), b"\xff".to_vec()),
        ("HOME".to_owned(), b"/nonexistent".to_vec()),
    ];
    assert!(Settings::resolve(&GlobalArgs::default(), env(bytes)).is_err());
}
