"""One-line defects of the kind that this field's tools really had, and the tests that must see them."""
