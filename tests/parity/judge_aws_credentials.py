"""botocore's credentials: which keys a session of boto3 has, in a home folder and an environment of the question's own."""

import contextlib
import os
from unittest import mock

import judge_botocore

_LOADER = None


def loader():
    """Returns one loader for all sessions: reading botocore's data takes most of the time of a client."""
    global _LOADER
    if _LOADER is None:
        from botocore.loaders import create_loader

        _LOADER = create_loader()
    return _LOADER


def refuse_codes(fetcher):
    """Refuses to ask for a code of a device, where botocore would read the terminal."""
    original = fetcher._assume_role_kwargs

    def kwargs(self):
        if self._assume_kwargs.get("SerialNumber") is not None:
            raise EOFError("no terminal")
        return original(self)

    return mock.patch.object(fetcher, "_assume_role_kwargs", kwargs)


def op_keys(request):
    """Returns `{"keys": [id, secret, token]}`, or `{"error": name}`."""
    import boto3
    import botocore.credentials
    import botocore.session
    from botocore.utils import ContainerMetadataFetcher

    saved = dict(os.environ)
    os.environ.clear()
    os.environ.update({"PATH": saved["PATH"], **request["env"]})
    with contextlib.ExitStack() as patches:
        patches.callback(lambda: (os.environ.clear(), os.environ.update(saved)))
        patches.enter_context(mock.patch("botocore.endpoint.time.sleep"))
        patches.enter_context(mock.patch.object(ContainerMetadataFetcher, "SLEEP_TIME", 0))
        patches.enter_context(refuse_codes(botocore.credentials.AssumeRoleCredentialFetcher))
        patches.enter_context(judge_botocore.home(request["env"]["HOME"]))
        try:
            core = botocore.session.Session()
            core.register_component("data_loader", loader())
            session = boto3.session.Session(
                botocore_session=core, profile_name=request.get("profile_name"), region_name=request.get("region_name")
            )
            session.client("secretsmanager")
            keys = session.get_credentials()
            if keys is None:
                return {"error": "NoCredentialsError"}
            keys = keys.get_frozen_credentials()
            return {"keys": [keys.access_key, keys.secret_key, keys.token or None]}
        except Exception as error:
            return {"error": type(error).__name__, "words": str(error)[:300]}
