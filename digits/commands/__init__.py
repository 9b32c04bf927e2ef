"""The subcommands of `python -m digits`, a module each, and the command line that is made from them."""
