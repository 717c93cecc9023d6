"""`python -m feedback_app` is the same as `feedback-app`."""

from .cli import main

if __name__ == "__main__":
    main()
