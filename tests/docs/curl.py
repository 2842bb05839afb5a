"""`curl`, as far as the pages use it, for machines that have none.

Only the options that a page needs are known; any other ends it with exit code 2, as does an option
without its value. What is sent, the exit codes and the words of errors are those of curl 8.
"""

import argparse
import ssl
import sys

import httpx


def main() -> int:
    """Send one request; the result is curl's exit code."""
    parser = argparse.ArgumentParser(prog="curl", allow_abbrev=False)
    for option in ("--silent", "--show-error", "--fail-with-body"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("--noproxy", required=True)
    parser.add_argument("--cacert", required=True)
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-X", dest="method")
    parser.add_argument("-d", dest="data")
    parser.add_argument("-w", dest="after", choices=[r"\n"])
    parser.add_argument("url")
    options = parser.parse_args()
    headers = {"User-Agent": "curl/8", "Accept": "*/*"}
    if options.data is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    for header in options.headers:
        name, _, value = header.partition(":")
        headers[name] = value.strip()
    method = options.method or ("GET" if options.data is None else "POST")
    trusted = ssl.create_default_context(cafile=options.cacert)
    with httpx.Client(verify=trusted, trust_env=False, timeout=30) as client:
        answer = client.request(method, options.url, headers=headers, content=options.data)
    sys.stdout.write(answer.text + ("\n" if options.after else ""))
    sys.stdout.flush()
    if options.fail_with_body and answer.is_error:
        if options.show_error or not options.silent:
            sys.stderr.write(f"curl: (22) The requested URL returned error: {answer.status_code}\n")
        return 22
    return 0


if __name__ == "__main__":
    sys.exit(main())
