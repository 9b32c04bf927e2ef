"""Everything around a training: settings, the Trainer, callbacks, run folders, the report."""
