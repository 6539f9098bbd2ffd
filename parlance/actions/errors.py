"""What can go wrong between the actions and the systems that they ask."""


class ServiceUnavailable(Exception):
    """A system that an action needs cannot be used just now; what the user said is worth keeping for another try.

    Args:
        problem: What is wrong, as one sentence for the operator.
        remedy: What to do about it, as one sentence for the operator.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem} {remedy}".strip())
