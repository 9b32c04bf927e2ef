"""The subcommands of `python -m digits`, one module each, and the command line that is made from them."""
