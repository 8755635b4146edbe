"""Runs a command on a terminal of 80 columns and ends with its exit code."""

import os
import pty
import signal
import sys

# Programs that a shell without job control starts in the background ignore SIGINT, and so do their children.
signal.signal(signal.SIGINT, signal.SIG_DFL)
status = pty.spawn(["bash", "-c", 'stty rows 24 cols 80; exec "$@"', "bash", *sys.argv[1:]])
sys.exit(os.waitstatus_to_exitcode(status))
