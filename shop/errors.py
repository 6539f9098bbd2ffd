"""What can go wrong between the assistant and the shop."""


class ShopUnavailable(Exception):
    """The shop's database cannot be used just now; what the customer said is worth keeping for another try.

    Args:
        problem: What is wrong, as one sentence for the operator.
        remedy: What to do about it, as one sentence for the operator.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem} {remedy}".strip())
