"""Airflow's walk over a folder of DAGs, with `.airflowignore`."""

import logging
import warnings


def op_walk(request):
    from airflow._shared.module_loading.file_discovery import find_path_from_directory

    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = list(find_path_from_directory(request["folder"], ".airflowignore", request["syntax"]))
    except Exception as error:
        return {"error": type(error).__name__}
    finally:
        logging.disable(logging.NOTSET)
    return {"files": sorted(found)}
