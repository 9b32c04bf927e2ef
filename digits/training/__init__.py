"""What stands around a training: the Trainer, its callbacks, the folder of a run, its report, its command line."""
