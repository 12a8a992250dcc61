"""Certificates for tests: a CA of our own, and what must be refused."""
import subprocess
from pathlib import Path

CONFIG = "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:true\n[leaf]\nsubjectAltName={names}\nextendedKeyUsage=serverAuth\n"


def openssl(*words, cwd):
    done = subprocess.run(["openssl", *words], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


def make(folder):
    """ca.pem; good (127.0.0.1, localhost), expired, foreign (another host), unknown (another CA): .pem and .key."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    for ca in ("ca", "other-ca"):
        _key(folder, ca)
        (folder / "ca.cnf").write_text(CONFIG.format(names="DNS:unused"))
        openssl("req", "-x509", "-new", "-key", f"{ca}.key", "-days", "30", "-subj", f"/CN=postferry test {ca}", "-config",
                "ca.cnf", "-extensions", "ca", "-out", f"{ca}.pem", cwd=folder)
    ours = "IP:127.0.0.1,DNS:localhost"
    _leaf(folder, "good", "ca", ours)
    _leaf(folder, "foreign", "ca", "DNS:mail.example.net")
    _leaf(folder, "unknown", "other-ca", ours)
    _leaf(folder, "expired", "ca", ours, expired=True)


def fingerprint(certificate):
    line = openssl("x509", "-in", str(certificate), "-noout", "-fingerprint", "-sha256", cwd=".")
    return line.strip().split("=")[1].replace(":", "").lower()


def _key(folder, name):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key", cwd=folder)


def _leaf(folder, name, ca, names, expired=False):
    _key(folder, name)
    (folder / f"{name}.cnf").write_text(CONFIG.format(names=names))
    openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-config", f"{name}.cnf", "-out", f"{name}.csr", cwd=folder)
    if not expired:
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days",
                "20", "-extfile", f"{name}.cnf", "-extensions", "leaf", "-out", f"{name}.pem", cwd=folder)
        return
    # `x509 -req` cannot date back; `ca` can
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("77\n")
    (folder / "dated.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n"
                                      "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
                                      f"[leaf]\nsubjectAltName={names}\nextendedKeyUsage=serverAuth\n")
    openssl("ca", "-batch", "-config", "dated.cnf", "-extensions", "leaf", "-cert", f"{ca}.pem", "-keyfile", f"{ca}.key", "-in",
            f"{name}.csr", "-out", f"{name}.pem", "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-notext",
            cwd=folder)
