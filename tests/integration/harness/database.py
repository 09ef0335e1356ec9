"""A database as a target: pinned by its TLS key, its accounts with a password."""

import base64
import hashlib
import subprocess

OLD = "Old-password-1"


def tls_key(pem):
    """As curl has it: the SHA-256 of the public key."""
    key = subprocess.run(["openssl", "x509", "-in", pem, "-noout", "-pubkey"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, check=True, capture_output=True).stdout
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def database(instance, kind, port, pem, *accounts):
    name = instance.name("db")
    instance.ok("target", "add", name, "--kind", kind, "--address", f"127.0.0.1:{port}", "--cluster", "samples")
    instance.ok("target", "set", name, "--tls-key", tls_key(pem))
    for account in accounts:
        instance.ok("account", "set", name, account, "--password-file", instance.file(OLD))
    return name
