"""The one exception that a user's mistake or a fault of the machine ends in."""


class ParlanceError(Exception):
    """Something a person can put right.

    Args:
        problem: What is wrong, as one sentence that names the file, option or label.
        remedy: What to do about it, as one sentence.

    The command line prints ``str(error)`` without a traceback and ends with ``exit_status``.
    """

    exit_status = 1

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem} {remedy}".strip())
