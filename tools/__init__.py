"""Not part of the package: how its networks, documents and measurements are made."""
