"""How the SDK finds the extension."""

from mpt_extension_sdk.runtime.djapp.apps import DjAppConfig

from poller.extension import ext


class PollerConfig(DjAppConfig):
    """What the SDK asks of every extension."""

    name = "poller"
    verbose_name = "Poller"
    extension = ext

    def extension_ready(self) -> None:
        """Nothing is missing."""
