"""As much of curl as the documents use, so that their examples run where curl is not installed."""

import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import NamedTuple


class Call(NamedTuple):
    """What a command line asks for."""

    url: str
    method: str
    headers: dict[str, str]
    body: bytes | None


def multipart(fields: list[str]) -> tuple[bytes, str]:
    boundary, parts = uuid.uuid4().hex, list[bytes]()
    for field in fields:
        name, _, value = field.partition("=")
        data, extra = value.encode(), ""
        if value.startswith("@"):
            data = Path(value[1:]).read_bytes()
            extra = f'; filename="{Path(value[1:]).name}"\r\nContent-Type: application/octet-stream'
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def call_of(words: list[str]) -> Call:
    """Raises ValueError for an option the documents have not used so far."""
    url, method, headers, body, fields = "", "", dict[str, str](), None, list[str]()
    rest = iter(words)
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(":")
            headers[name] = value.strip()
        elif word == "-F":
            fields.append(next(rest))
        elif word in ("-d", "--data-binary"):
            value = next(rest)
            body = Path(value[1:]).read_bytes() if value.startswith("@") else value.encode()
        elif word.startswith("-"):
            raise ValueError(f"curl {word}")
        else:
            url = word
    if fields:
        body, headers["Content-Type"] = multipart(fields)
    return Call(url, method or ("GET" if body is None else "POST"), headers, body)


def main(words: list[str]) -> int:
    """Print the answer; 22 for a refusal, as `curl -f` does."""
    call = call_of(words)
    request = urllib.request.Request(call.url, call.body, call.headers, method=call.method)
    try:
        with urllib.request.urlopen(request) as answer:
            print(answer.read().decode())
    except urllib.error.HTTPError as refusal:
        print(refusal.read().decode(), file=sys.stderr)
        return 22
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
