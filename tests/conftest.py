"""For all layers."""

import signal

# What a shell starts with `&` ignores Ctrl-C for good, and so would the commands that tests stop
# with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
