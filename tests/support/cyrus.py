"""A private Cyrus on free ports of 127.0.0.1, IMAP and POP3, as root or as an ordinary user. Unpacked, never installed.

    with Cyrus(folder, users={"carol": "secret-of-carol"}) as server:
        server.imap, server.pop3                  ports
        server.url("imap", "carol")

Its dialect: LITERAL+, MULTIAPPEND, QRESYNC, UIDPLUS; names with '"', '%' and '*' are refused, and so is mail with NULs.
"""
import getpass
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support.server import PrivateServer  # noqa: E402

IMAPD = """\
configdirectory: {root}/conf
partition-default: {root}/spool
defaultpartition: default
servername: localhost
altnamespace: yes
unixhierarchysep: yes
virtdomains: no
autocreate_users: anyone
autocreate_quota: {quota}
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {root}/sasldb2
sasl_mech_list: PLAIN LOGIN
allowplaintext: yes
duplicatesuppression: no
cyrus_user: {user}
cyrus_group: {group}
proc_path: {root}/conf/proc
mboxname_lockpath: {root}/conf/lock
maxlogins_per_user: 0
popminpoll: 0
poptimeout: 30
{more}
"""
SERVICES = """\
START {{
}}
SERVICES {{
  imap cmd="{binaries}/imapd -C {root}/imapd.conf" listen="127.0.0.1:{imap}" prefork=1
  pop3 cmd="{binaries}/pop3d -C {root}/imapd.conf" listen="127.0.0.1:{pop3}" prefork=0
}}
EVENTS {{
}}
"""


def unpacked():
    """The folder that packaging/servers unpacks into; does so if it is not there. Fails, and never skips, if it cannot."""
    checkout = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run([checkout / "packaging" / "servers"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"packaging/servers cannot bring Cyrus:\n{done.stderr}")
    return Path(done.stdout.splitlines()[-1]) / "cyrus"


class Cyrus(PrivateServer):
    """`quota` in KB for every account, 0 for none; `more`: lines for imapd.conf."""

    def __init__(self, root, users=None, quota=0, more=""):
        self.root = Path(root)
        self.users = users or {"alice": "secret-of-alice"}
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o755)
        self.imap, self.pop3 = self.claim_ports(2)
        self.quota, self.more = quota, more
        me = pwd.getpwnam("mail" if os.geteuid() == 0 else getpass.getuser())
        self.user, self.identity = me.pw_name, (me.pw_uid, me.pw_gid)
        self._copy_programs()
        for part in ("conf", "conf/db", "conf/proc", "conf/lock", "conf/socket", "conf/log", "spool"):
            (self.root / part).mkdir(exist_ok=True)
        self.configure()
        self._passwords()
        self._own()

    # Its user cannot pass through a checkout that lies in somebody's home.
    def _copy_programs(self):
        found, self.binaries, self.libraries = unpacked(), self.root / "bin", self.root / "lib"
        self.binaries.mkdir(exist_ok=True)
        for program in ("usr/lib/cyrus/bin/master", "usr/lib/cyrus/bin/imapd", "usr/lib/cyrus/bin/pop3d",
                        "usr/lib/cyrus/bin/quota", "usr/sbin/saslpasswd2"):
            shutil.copy2(found / program, self.binaries)
        if not self.libraries.exists():
            libraries = next(found.glob("usr/lib/*/libcyrus.so.0")).parent
            shutil.copytree(libraries, self.libraries, symlinks=True,
                            ignore=lambda _, names: [n for n in names if not n.startswith("libcyrus")])
        self.env = {**os.environ, "LD_LIBRARY_PATH": str(self.libraries), "CYRUS_USER": self.user}

    def configure(self):
        names = {"root": self.root, "binaries": self.binaries, "imap": self.imap, "pop3": self.pop3, "user": self.user,
                 "group": grp.getgrgid(self.identity[1]).gr_name, "quota": self.quota, "more": self.more}
        (self.root / "imapd.conf").write_text(IMAPD.format(**names))
        (self.root / "cyrus.conf").write_text(SERVICES.format(**names))

    def _passwords(self):
        for user, secret in self.users.items():
            subprocess.run([self.binaries / "saslpasswd2", "-p", "-c", "-f", self.root / "sasldb2", "-u", "localhost", user],
                           input=secret.encode(), env=self.env, check=True, capture_output=True, timeout=30)

    def _own(self):
        for path in [self.root, *self.root.rglob("*")]:
            os.chown(path, *self.identity, follow_symlinks=False)

    def start(self):
        self.process = subprocess.Popen(
            [self.binaries / "master", "-C", self.root / "imapd.conf", "-M", self.root / "cyrus.conf", "-p", self.root / "master.pid"],
            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 30
        for port, greeting in ((self.imap, b"* OK"), (self.pop3, b"+OK")):
            while not self._greets(port, greeting):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError("Cyrus did not start")
                time.sleep(.05)
        return self

    def _greets(self, port, greeting):
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as s:
                s.settimeout(5)
                return s.recv(200).startswith(greeting)
        except OSError:
            return False

    def clear_up(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own group: what it started goes with it
        except ProcessLookupError:
            pass

    def url(self, scheme="imap", user="alice", port=None):
        """imap:// or pop3://, plain."""
        return f"{scheme}://{user}@127.0.0.1:{port or getattr(self, scheme)}/?tls=off"
