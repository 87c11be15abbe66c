"""What botocore computes once, at import: where its cache of single sign-on is."""

import contextlib
import os
from unittest import mock


@contextlib.contextmanager
def home(folder):
    """Makes `folder` the home of botocore's cache, as if it had been HOME when botocore was imported."""
    if folder is None:
        yield
        return
    from botocore.credentials import SSOProvider
    from botocore.tokens import SSOTokenProvider

    cache = os.path.join(folder, ".aws", "sso", "cache")
    with contextlib.ExitStack() as patches:
        for owner in (SSOProvider, SSOTokenProvider):
            patches.enter_context(mock.patch.object(owner, "_SSO_TOKEN_CACHE_DIR", cache))
        yield
