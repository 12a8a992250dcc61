"""Modified UTF-7, the encoding of mailbox names in IMAP (RFC 3501, 5.1.3)."""
import base64


def encode(text: str) -> str:
    out, pending = [], []

    def flush():
        if pending:
            raw = "".join(pending).encode("utf-16-be")
            out.append("&" + base64.b64encode(raw).decode().rstrip("=").replace("/", ",") + "-")
            pending.clear()

    for c in text:
        if " " <= c <= "~":
            flush()
            out.append("&-" if c == "&" else c)
        else:
            pending.append(c)
    flush()
    return "".join(out)


def decode(text: str) -> str:
    out, at = [], 0
    while at < len(text):
        if text[at] != "&":
            out.append(text[at])
            at += 1
            continue
        end = text.index("-", at)
        word = text[at + 1:end].replace(",", "/")
        out.append(base64.b64decode(word + "=" * (-len(word) % 4)).decode("utf-16-be") if word else "&")
        at = end + 1
    return "".join(out)
