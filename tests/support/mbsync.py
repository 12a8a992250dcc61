"""Configurations for mbsync."""


def imap_store(name, port, user, password, extra=""):
    """A store on 127.0.0.1; `extra`: a line for its account."""
    return f"""\
IMAPAccount {name}
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType None
{extra}

IMAPStore {name}
Account {name}

"""


def pull(state, source="far", to="near"):
    """A channel that brings every folder from one store into another. `state`: a folder with / behind it, or * for the Maildir's own."""
    return f"""\
Channel all
Far :{source}:
Near :{to}:
Patterns *
Sync Pull
Create Near
CopyArrivalDate yes
SyncState {state}
"""
