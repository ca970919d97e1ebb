"""`python -m tools.nano VERB`: sample, tokenizer, train, score, package."""

from tools.nano.cli import main

if __name__ == "__main__":
    main()
