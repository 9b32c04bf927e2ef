"""The web page: its scripts in reading/, network/, stops/ and shell/, and what builds one file of them."""
