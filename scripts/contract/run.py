"""Starts a server, logs in as each role and runs schemathesis as each of them. Called by scripts/test-contract.

Usage: run.py FRAMEOS SCHEMATHESIS SECONDS
"""
import base64
import hmac
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

# What is not asked, and why. Everything else is, as everybody.
LEFT_OUT = {
    "POST /auth/logout-everywhere": "ends the very session that the rest of the run needs",
    "GET /executions/{execution}/events": "an answer lasts as long as its run; the server's own tests follow it",
    "GET /me/export": "would be read over and over, larger each time; the server's own tests read it",
}
LIMITS = ["agents_register", "agent_versions", "agents_list", "execute", "execution_get", "login", "register", "mail",
          "reports", "reads", "writes", "address"]


def start(binary, folder):
    """The server's process and address, once it listens."""
    config = folder / "contract.toml"
    config.write_text("[limits]\n" + "".join(f'{name} = "off"\n' for name in LIMITS))
    log = open(folder / "server.log", "w+", encoding="utf-8")
    command = [binary, "serve", "--config", config, "--listen", "127.0.0.1:0", "--data-dir", folder / "data"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    for _ in range(600):
        found = re.search(r"listening on (http://\S+)", (folder / "server.log").read_text(encoding="utf-8"))
        if found:
            return server, found[1]
        if server.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit("test-contract: the server does not start:\n" + (folder / "server.log").read_text(encoding="utf-8"))


def code(secret):
    """The one-time code of now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def token(url, account):
    """An access token of a seeded account."""
    body = {"email": account["email"], "password": account["password"]}
    if "totp_secret" in account:
        body["otp"] = code(account["totp_secret"])
    request = urllib.request.Request(url + "/auth/login", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]["access_token"]


def run(schemathesis, url, who, bearer, seconds, notes):
    """Whether schemathesis has nothing to complain of as `who`."""
    config = pathlib.Path(__file__).resolve().parents[2] / "schemathesis.toml"
    command = [schemathesis, "--config-file", config, "run", url + "/openapi.json", "--checks", "all",
               "--max-time", seconds, "--no-color", "--workers", "2", "--continue-on-failure", "--request-timeout", "30",
               "--warnings", "off", "--suppress-health-check", "all", "--generation-database", "none"]
    for operation in LEFT_OUT:
        command += ["--exclude-name", operation]
    if bearer:
        command += ["--header", f"Authorization: Bearer {bearer}"]
    print(f"test-contract: as {who}", file=sys.stderr, flush=True)
    # It leaves notes where it runs.
    return subprocess.run(command, check=False, cwd=notes).returncode == 0


def main():
    binary, schemathesis, seconds = sys.argv[1:]
    for operation, reason in LEFT_OUT.items():
        print(f"test-contract: {operation} is left out: {reason}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="frameos-contract-") as name:
        folder = pathlib.Path(name)
        server, url = start(binary, folder)
        try:
            accounts = json.loads((folder / "data/first-run.json").read_text(encoding="utf-8"))
            # The administrator last: what one may do to others cannot disturb them then.
            clean = [run(schemathesis, url, "nobody", None, seconds, folder)]
            for who in ["user", "developer", "admin"]:
                clean.append(run(schemathesis, url, who, token(url, accounts[who]), seconds, folder))
            if server.poll() is not None:
                sys.exit("test-contract: the server has ended")
        finally:
            server.terminate()
            server.wait(30)
        log = (folder / "server.log").read_text(encoding="utf-8")
        internal = [line for line in log.splitlines() if "request failed" in line or "panicked" in line]
        for line in internal[:20]:
            print(line, file=sys.stderr)
        if internal or not all(clean):
            sys.exit(1)


main()
