"""A private Dovecot on free ports of 127.0.0.1, as root or as an ordinary user. Needs no installation but the packages.

    with Dovecot(folder) as server:
        server.fill("alice", mailgen.sets("small"))
        server.imap, server.imaps, server.pop3, server.pop3s      ports
        server.ca                                                 file with the CA's certificate
"""
import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import pki  # noqa: E402
from support.mailgen import MaildirWriter  # noqa: E402
from support.server import PrivateServer  # noqa: E402

CONFIG = """\
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
default_internal_user = {internal_user}
default_internal_group = {internal_group}
default_login_user = {login_user}
mail_uid = {mail_user}
mail_gid = {mail_group}
first_valid_uid = 1
first_valid_gid = 1
mail_home = {root}/home/%u
mail_location = {location}
auth_mechanisms = plain login
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{root}/pki/{certificate}.pem
ssl_key = <{root}/pki/{certificate}.key
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/users
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={root}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
  mailbox Junk {{
    special_use = \\Junk
  }}
}}
{compress}
protocol imap {{
  mail_max_userip_connections = 100
}}
protocol pop3 {{
  mail_max_userip_connections = 100
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
"""

COMPRESS = """\
protocol imap {
  mail_plugins = imap_zlib
}
mail_plugins = zlib
"""


def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise FileNotFoundError(f"{name} is not installed (packaging/test installs it)")
    return found


class Dovecot(PrivateServer):
    def __init__(self, root, users=None, store="maildir", compress=False, certificate="good"):
        self.root = Path(root)
        self.users = users or {"alice": "secret-of-alice"}
        self.store = store
        self.compress = compress
        self.certificate = certificate
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o755)  # the mail user of root's instance must pass
        self.ports = self.claim_ports(4)
        self.imap, self.imaps, self.pop3, self.pop3s = self.ports
        if not (self.root / "pki").exists():
            pki.make(self.root / "pki")
        self.ca = self.root / "pki" / "ca.pem"
        as_root = os.geteuid() == 0
        me = getpass.getuser() if not as_root else "mail"
        self.identity = (pwd.getpwnam(me).pw_uid, pwd.getpwnam(me).pw_gid)
        self.names = {
            "internal_user": "dovecot" if as_root else me,
            "internal_group": "dovecot" if as_root else grp.getgrgid(self.identity[1]).gr_name,
            "login_user": "dovenull" if as_root else me,
            "mail_user": me, "mail_group": grp.getgrgid(self.identity[1]).gr_name,
        }
        for part in ("mail", "home", "mdbox"):
            (self.root / part).mkdir(exist_ok=True)
            os.chown(self.root / part, *self.identity)
        for user in self.users:
            self.writer(user)
            (self.root / "home" / user).mkdir(exist_ok=True)
            os.chown(self.root / "home" / user, *self.identity)
        self.configure()

    MAILDIR = "maildir:{root}/mail/%u/folders:INBOX={root}/mail/%u/inbox:LAYOUT=fs"
    MDBOX = "mdbox:{root}/mdbox/%u"

    @property
    def config(self):
        return self.root / "dovecot.conf"

    def _config(self, store):
        location = (self.MAILDIR if store == "maildir" else self.MDBOX).format(root=self.root)
        return CONFIG.format(
            root=self.root, location=location, certificate=self.certificate, compress=COMPRESS if self.compress else "",
            imap=self.imap, imaps=self.imaps, pop3=self.pop3, pop3s=self.pop3s, **self.names)

    def configure(self):
        self.config.write_text(self._config(self.store))
        users = self.root / "users"
        users.write_text("".join(f"{name}:{{PLAIN}}{secret}::::::\n" for name, secret in self.users.items()))
        users.chmod(0o644)

    def writer(self, user):
        return MaildirWriter(self.root / "mail" / user, self.identity)

    def fill(self, user, mailbox):
        """Writes the messages straight into the store; the mdbox is made of the Maildir by dsync."""
        writer = self.writer(user)
        writer.serial = int(time.monotonic() * 1000) % 1000000 if any((writer.root / "inbox").glob("cur/*")) else 0
        writer.fill(mailbox)
        if self.store == "mdbox":
            # without -u: nobody has to be asked who that is, so the server need not run
            source = self.root / "maildir.conf"
            source.write_text(self._config("maildir"))
            self.doveadm("backup", self.MDBOX.format(root=self.root).replace("%u", user), config=source,
                         env={**os.environ, "USER": user, "HOME": str(self.root / "home" / user)})
        return self

    def doveadm(self, *words, config=None, **more):
        done = subprocess.run([program("doveadm"), "-c", str(config or self.config), *map(str, words)], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=600, **more)
        if done.returncode != 0:
            raise RuntimeError(f"doveadm {words}: {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def start(self):
        self.log_from = self.log.stat().st_size if self.log.exists() else 0
        self.process = subprocess.Popen([program("dovecot"), "-F", "-c", str(self.config)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        for port in (self.imap, self.pop3):
            while not self._greets(port):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError("Dovecot did not start: " + self.tail())
                time.sleep(.05)
        return self

    # An open port is not enough: until the greeting is there, Dovecot may hang up "before auth was ready".
    def _greets(self, port):
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as s:
                s.settimeout(5)
                user, secret = next(iter(self.users.items()))
                greeting = s.recv(200)
                if greeting.startswith(b"* OK"):
                    s.sendall(f"a LOGIN {{{len(user)}+}}\r\n{user} {{{len(secret)}+}}\r\n{secret}\r\na LOGOUT\r\n".encode())
                    return b"a OK" in s.recv(2000)
                return greeting.startswith(b"+OK")
        except OSError:
            return False

    @property
    def log(self):
        return self.root / "dovecot.log"

    def tail(self):
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else "(no log)"

    def clear_up(self):
        self.process.stderr.close()

    def url(self, scheme="imap", user="alice", host="127.0.0.1", port=None):
        """plain: imap://, pop3:// with ?tls=off; imaps://, pop3s:// with our CA; imap+starttls."""
        starttls = scheme.endswith("+starttls")
        scheme = scheme.removesuffix("+starttls")
        port = port or getattr(self, scheme)
        name = user.replace("%", "%25").replace("@", "%40")
        tail = "?tls=off" if scheme in ("imap", "pop3") and not starttls else f"?ca={self.ca}"
        return f"{scheme}://{name}@{host}:{port}/{tail}"
