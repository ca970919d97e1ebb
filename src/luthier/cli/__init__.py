"""The command line: one small file per group of verbs, real help, four-line errors. No torch at import time."""
