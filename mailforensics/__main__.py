"""`python -m mailforensics` is the command line."""

from mailforensics.cli import main

main(prog_name="mailforensics")
