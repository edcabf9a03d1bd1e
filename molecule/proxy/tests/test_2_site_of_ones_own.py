# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nginx belongs to the user: the site with TLS of the role's README, and what the role leaves alone. The application is up behind it.

The tests build on each other.
"""

import base64
import datetime
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.beamops.elixir.molecule.conftest import PROJECT

NAME = "guestbook.example.com"
OWN = "/etc/nginx/sites-enabled/guestbook"
ASK = f"import ssl, urllib.request as u; r = u.Request('https://127.0.0.1/version', headers={{'Host': '{NAME}'}}); " + (
    "print(u.urlopen(r, context=ssl._create_unverified_context()).read().decode())"
)
ALL = "find /etc/nginx -type f -exec md5sum {} + | sort; find /etc/nginx -type l | sort"


def workers(web1):
    return sorted(web1.run("pgrep -f '[n]ginx: worker process'").split())


def proxy(project, *options):
    """Without a server of the role's own."""
    return project.run("ansible-playbook -i hosts.yml beamops.elixir.proxy -e '{\"elixir_release_proxy_server_names\": []}' " + " ".join(options))


@pytest.fixture(scope="module")
def certificate():
    """Signed by itself: it and its key, as text."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
    signed = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return signed.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


def test_a_site_with_tls(project, web, web1, certificate):
    (site,) = re.findall(r"^```nginx\n(.*?)^```$", (PROJECT / "roles/elixir_release_proxy/README.md").read_text(), re.MULTILINE | re.DOTALL)
    files = {OWN: site.replace("shop", "guestbook"), "/etc/ssl/certs/guestbook.pem": certificate[0], "/etc/ssl/private/guestbook.key": certificate[1]}
    for path, text in files.items():
        web1.run(f"echo {base64.b64encode(text.encode()).decode()} | base64 -d | install -D /dev/stdin {path}")
    run = proxy(project)
    assert run.rc == 0, run.output
    assert '"version":"0.2.0"' in web1.os.check_output("python3 -c %s", ASK)
    assert "Welcome to nginx" in web.get("/"), "the server on port 80 was the role's, and is gone; what is left is the default page"


def test_a_second_run_changes_and_reloads_nothing(project, web1):
    before = workers(web1), web1.run(ALL)
    run = proxy(project)
    assert run.rc == 0 and "changed=0" in run.output, run.output
    assert (workers(web1), web1.run(ALL)) == before


def test_check_mode_says_what_it_would_write(project, web1):
    before = workers(web1), web1.run(ALL)
    run = proxy(project, "--check --diff -e elixir_release_proxy_read_timeout=61")
    assert run.rc == 0 and "proxy_read_timeout 61" in run.output, run.output
    assert (workers(web1), web1.run(ALL)) == before


@pytest.mark.parametrize(
    ("options", "broken", "why"),
    [
        ("-e elixir_release_proxy_read_timeout=61", True, 'unknown directive "nonsense"'),
        ("-e elixir_release_proxy_port=22", False, "Address already in use"),
    ],
)
def test_what_nginx_does_not_take_does_not_stay(project, web1, options, broken, why):
    """What is broken elsewhere, and what nginx notices only when it has been told that all is well."""
    if broken:
        web1.run("echo 'nonsense;' >/etc/nginx/conf.d/broken.conf")
    try:
        before = web1.run(ALL)
        run = proxy(project, options)
        assert run.rc != 0 and why in run.plain(), run.output
        assert web1.run(ALL) == before
        assert '"version":"0.2.0"' in web1.os.check_output("python3 -c %s", ASK)
    finally:
        web1.run("rm -f /etc/nginx/conf.d/broken.conf")
    run = proxy(project)
    assert run.rc == 0, run.output


def test_a_deploy_behind_it(project, web1, tarballs):
    project.has("0.1.0", tarballs["0.1.0"])
    run = project.run("ansible-playbook -i hosts.yml beamops.elixir.deploy")
    assert run.rc == 0, run.output
    assert '"version":"0.1.0"' in web1.os.check_output("python3 -c %s", ASK)
