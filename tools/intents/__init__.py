"""The intents of the quickstart's messages as labelled rows, for the recipe of a classifier."""
