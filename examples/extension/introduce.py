"""Makes the extension known: the vendor creates it, lets it in for its own account, and keeps its key.

ENTREPOT_URL=… ENTREPOT_VENDOR_TOKEN=… python introduce.py > lumen.env
"""

import os
import sys

import httpx

HERE = os.environ.get("LUMEN_URL", "http://127.0.0.1:8080")
MODULE = "Marketplace"
"""What it may open of the account: products and orders."""


def main() -> None:
    """Prints the settings with which `mpt-ext run` starts."""
    url = os.environ["ENTREPOT_URL"].rstrip("/")
    token = os.environ["ENTREPOT_VENDOR_TOKEN"]
    api = httpx.Client(base_url=f"{url}/public/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    own = wanted(api.get(f"/accounts/api-tokens/{token.split(':')[1]}"))
    module = next(each for each in own["modules"] if each["name"] == MODULE)
    extension = wanted(
        api.post(
            "/integration/extensions",
            json={
                "name": "Lumen fulfilment",
                "modules": [{"id": module["id"]}],
                "service": {"url": HERE},
            },
        )
    )
    wanted(api.post("/integration/installations", json={"extension": {"id": extension["id"]}}))
    for name, value in {
        "SDK_EXTENSION_URL": url,
        "MPT_API_BASE_URL": url,
        "SDK_EXTENSION_ID": extension["id"],
        "SDK_EXTENSION_API_KEY": extension["service"]["secret"],
        "SDK_EXTENSION_EXTERNAL_ID": HERE,
        "SDK_LOCAL_PORT": httpx.URL(HERE).port or 80,
        "SDK_LOCAL_HOST": "127.0.0.1",
        "SDK_LOCAL_RELOAD": "false",
        # Without the platform's overlay network this is how the SDK registers: whenever its program is loaded.
        "SDK_ZITI_RELOAD": "true",
        "SDK_OBSERVABILITY_ENABLED": "false",
    }.items():
        sys.stdout.write(f"{name}={value}\n")


def wanted(reply: httpx.Response) -> dict:
    """The document of a success; ends with the platform's words otherwise."""
    if reply.is_error:
        sys.exit(f"{reply.request.method} {reply.request.url}: {reply.status_code} {reply.text}")
    return reply.json()


if __name__ == "__main__":
    main()
