"""Preference data for the built-in base: replies of a shop to its customers, a good one and a worse one each."""
