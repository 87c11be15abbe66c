"""Airflow's configuration: one option, for an environment and an `airflow.cfg`.

Airflow reads its configuration when it is imported. As `judge_settings` does, `op_get` repeats the import's work in one process;
`op_get_fresh` uses a process that has just imported it.
"""

import json
import os
import warnings

import judge_settings


def op_get(request):
    with judge_settings.imported_again() as configuration, judge_settings.environment(request["env"]):
        before = configuration.TEST_DAGS_FOLDER, configuration.TEST_PLUGINS_FOLDER
        try:
            return judge_settings.within(request["seconds"], lambda: started(configuration, request))
        finally:
            configuration.TEST_DAGS_FOLDER, configuration.TEST_PLUGINS_FOLDER = before


def op_get_fresh(request):
    judge_settings.set_environment(request["env"])

    def work():
        try:
            import airflow.configuration
        except (Exception, judge_settings.Endless) as error:
            return {"not_started": type(error).__name__}
        answer = got(airflow.configuration, request)
        # `mask_secrets` at start leaves Airflow's own warnings of former names off, where it fails within `suppress_future_warnings`.
        return {name: answer[name] for name in answer if name not in ("moved", "asked_by_former_name")}

    return judge_settings.within(20, work)


def started(configuration, request):
    """What the end of `airflow/configuration.py` does, and the option."""
    try:
        configuration._SecretKeys.fernet_key = configuration._SecretKeys.jwt_secret_key = ""
        configuration.AIRFLOW_HOME = home = configuration.get_airflow_home()
        configuration.AIRFLOW_CONFIG = configuration.get_airflow_config(home)
        configuration.TEST_DAGS_FOLDER = os.path.join(home, "dags")
        configuration.TEST_PLUGINS_FOLDER = os.path.join(home, "plugins")
        # The defaults have Airflow's home in them.
        parser = judge_settings.first_parser()
        parser._default_values = configuration.create_default_config_parser(parser._configuration_description)
        parser.__dict__.pop("_provider_metadata_config_fallback_default_values", None)
        configuration.conf = configuration.initialize_config()
        configuration.secrets_backend_list = configuration.initialize_secrets_backends()
        configuration.conf.validate()
    except judge_settings.Endless:
        # `validate` reads some options itself, such as `[logging] log_filename_template`.
        return {"endless": True, "not_started": "Endless"}
    except Exception as error:
        return {"not_started": type(error).__name__}
    return got(configuration, request)


def got(configuration, request):
    from airflow.exceptions import AirflowConfigException

    team = {"team_name": request["team"]} if request.get("team") else {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = configuration.conf.get(request["section"], request["key"], **team)
        except AirflowConfigException as error:
            if "not found in config" in str(error):
                return {"missing": True}
            raise
    texts = [str(one.message) for one in caught]
    return {
        "value": value if isinstance(value, str) else json.dumps(value),
        "is_text": isinstance(value, str),
        "moved": any("the old setting has been used" in text for text in texts),
        "asked_by_former_name": any("has been deprecated, you should use" in text for text in texts),
    }
