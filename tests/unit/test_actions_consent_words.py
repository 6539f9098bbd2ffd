"""Which words are a yes, and to what."""

from collections.abc import Callable

import pytest
from sqlalchemy.engine import URL

from parlance.actions.consent import is_plain_no, is_plain_yes
from tests.unit.acts import NO_YES, YES, a_claim, a_return, asked, forms_that_ask, other_quantities

from .dialogue import Chat, registered_actions

pytestmark = pytest.mark.usefixtures("stripe")  # a purchase ends on its page

# The words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", NO_YES)
def test_a_hesitation_a_question_a_condition_or_anything_else_is_no_yes(text: str) -> None:
    acts = {form.act for form in forms_that_ask()}
    assert [act for act in acts if is_plain_yes(text, act)] == []


@pytest.mark.parametrize("text", YES)
def test_a_plain_yes_is_one(text: str) -> None:
    assert is_plain_yes(text)


def test_the_lists_are_long_enough() -> None:
    assert len(set(NO_YES)) > 200 and len(set(YES)) > 100


@pytest.mark.parametrize(
    ("text", "act", "expected"),
    [
        ("yes cancel it", "cancel order", True),
        ("yes please cancel the order", "cancel order", True),
        ("yes, delete my account", "delete account", True),
        ("yes delete my account", "cancel order", False),
        ("cancel it", "cancel order", False),  # which may mean the question
        ("yes cancel the lot and my account", "cancel order", False),
    ],
)
def test_a_yes_may_repeat_what_it_is_for_and_nothing_else(text: str, act: str, expected: bool) -> None:
    assert is_plain_yes(text, act) is expected


@pytest.mark.parametrize("text", ["no", "No!", "nope", "nah", "no thanks", "oh no, don't", "don't", "ok no"])
def test_a_no_is_one(text: str) -> None:
    assert is_plain_no(text)


# What a yes may say besides -----------------------------------------------------------------------------------------

NAMED: list[tuple[Callable[[Chat], None], str, str]] = [
    (a_return, "casserole", "return"),
    (other_quantities, "cushion", "change"),
    (a_claim, "casserole", "claim"),
]
YES_THAT_NAMES = """
yes, {act} the {goods}
go ahead, {act} the {goods}
yes please {act} the {goods}
yeah the {goods}
yep, the {goods} please
sure, {act} it, i said so
sure, i said so
ok do it, {act} the {goods}
yes i said yes
please do, that's what i want
yes, that's what i asked for
yes {act} the {goods} please
yes, {goods}
definitely, {act} the {goods}
yes yes, {act} the {goods}
yeah go ahead with it, {act} the {goods}
yep, {act} that {goods} please
ok, {act} my {goods}
okay {act} the {goods} now
sure, the {goods}, please
of course, {act} the {goods}
absolutely, {act} it
yes please, the {goods}
yes, all of it, {act} the {goods}
certainly, {act} the {goods}, thanks
please go ahead, {act} the {goods}
go ahead please, the {goods}
yup {act} the {goods} cheers
aye, {act} the {goods}
confirmed, {act} the {goods}
i confirm, {act} the {goods}
yes, as i said, {act} the {goods}
yes, like i said
yes i told you so
ok i told you, {act} it
yes, if you please
yeah if you would
yes i'd like you to {act} the {goods}
yes i want you to {act} it
yes, that is what i want
correct, {act} the {goods}
that's right, the {goods}
that's correct, {act} the {goods}
YES {act} THE {goods}!!!
Yes. The {goods}. Please.
yesss the {goods}
do it, the {goods}
just do it, {act} the {goods}
make it so, {act} the {goods}
i agree, {act} the {goods}
i'm sure, {act} the {goods}
definitely the {goods}
yes indeed, the {goods}
yes to the {goods}
alright, {act} the {goods}
all right then, the {goods}
sounds good, {act} the {goods}
by all means {act} the {goods}
yes {act} these
yes {act} both
"""
NO_YES_THAT_NAMES = """
yes, {act} the lamp
go ahead, {act} the rug
yes but not the {goods}
yes, the {goods} and the lamp
yes cancel everything
the {goods}
is that the {goods}
yes if the {goods} is covered
did i say the {goods}
yes the {goods} but tomorrow
you said the {goods}
yes, the other {goods}
no, the {goods}
yes unless the {goods} is gone
only the {goods}?
yes, how much is the {goods}
yes 10432
the {goods} was yes
yes wait the {goods}
yes two {goods} only
i never said the {goods}
yes the {goods} is lovely isn't it
yes not the {goods}
don't {act} the {goods}
yes {act} the {goods} when i say so
yes i think the {goods}
maybe the {goods}
yes, my {goods} is blue
yes the {goods} broke
yes, {act} the kettle
yes, {act} the curtains
yes {act} the {goods} and the curtains
yes, the {goods} and a lamp
yes, {act} the {goods} or the lamp
yes {act} my sister's {goods}
sure, if the {goods} comes free
ok if you {act} the {goods} tomorrow
yes once the {goods} is back
yes after i find the {goods}
yes before friday, the {goods}
yes when the {goods} arrives
yes as long as the {goods} is refunded
yes provided the {goods} is refunded
yes assuming the {goods} counts
yes in case the {goods} fails
yes until the {goods} is here
yes except the {goods}
yes apart from the {goods}
yes instead of the {goods}
yes, rather the {goods} stays
yes though i like the {goods}
yes although the {goods} is nice
yes however keep the {goods}
yes, keep the {goods}
yes, leave the {goods}
yes but keep the {goods}
yes, only the {goods}
yes, half the {goods}
yes, without the {goods}
yes for the {goods} but no more
probably yes, the {goods}
yes i guess, the {goods}
yes i suppose {act} the {goods}
perhaps {act} the {goods}
possibly the {goods}
yes i hope the {goods}
yes, might {act} the {goods}
yes could you {act} the {goods} later
yes should i {act} the {goods}
yes would the {goods} be free
yes, why the {goods}
yes what about the {goods}
yes where is the {goods}
yes who pays for the {goods}
yes which {goods}
yes when do i get the {goods}
yes how long for the {goods}
yes does the {goods} count
yes is the {goods} included
yes, the {goods}? or not
what if i {act} the {goods}
can you {act} the {goods}
will you {act} the {goods}
did you {act} the {goods}
have you already {act}ed the {goods}
yes i had the {goods}
yes i bought the {goods}
yes i loved the {goods}
yes the {goods} was late
yes the {goods} came
yes the {goods} has gone
yes i already have the {goods}
yes i ordered the {goods}
yesterday the {goods}
my wife said yes, the {goods}
he said yes to the {goods}
"yes, {act} the {goods}" is what he said
you wrote "yes, the {goods}"
i never said yes to the {goods}
who said yes to the {goods}
don't say yes for the {goods}
i said no, the {goods}
yes and no, the {goods}
yes no the {goods}
no yes the {goods}
not yes, the {goods}
yes, never {act} the {goods}
yes stop, the {goods}
yes, hang on, the {goods}
yes, hold the {goods}
yes one moment, the {goods}
yes later, the {goods}
yes tomorrow {act} the {goods}
yes next week, the {goods}
yes in an hour, the {goods}
yes, delete my account
yes, track the {goods}
yes, the {goods} and delete my account
yes, and change the e-mail
yes and gift wrap the {goods}
yes, talk to a person about the {goods}
yes 10433 and 10434
yes, order 10999
yes the {goods} from 10999
yes the {goods} of my mother
yes, three {goods}
yes, 5 {goods}
yes, the green {goods}
yes the smaller {goods}
yes a different {goods}
yes, a new {goods}
yes, some other {goods}
yes the next {goods}
i want the {goods} kept, yes
yes, sell the {goods}
yes pay for the {goods}
yes the {goods} costs too much
yes i know the {goods}
yes i see the {goods}
yes i understand about the {goods}
yes, so the {goods}?
yes and then
yes the {goods} if i may
yes, whatever the {goods} is
yes unless you {act} the {goods} free
yes, nearly {act}ed the {goods}
yes, {act} the {goods} to my neighbour
yes {act} nothing
yes, none of the {goods}
yes i tried to {act} the {goods}
yes he wants the {goods}
yes we were told the {goods}
yes "{act} the {goods}" they said
"""


def _filled(templates: str, goods: str, act: str) -> list[str]:
    return [line.format(goods=goods, act=act) for line in templates.strip().splitlines()]


@pytest.mark.parametrize(("asking", "goods", "act"), NAMED, ids=lambda value: getattr(value, "__name__", value))
def test_a_yes_may_name_what_was_asked_and_nothing_else(
    own_shop: URL, asking: Callable[[Chat], None], goods: str, act: str
) -> None:
    chat = asked(asking)
    words = f"{registered_actions()[f'validate_{chat.form}'].act} {chat.slots['consent']['words']}"
    assert [text for text in _filled(YES_THAT_NAMES, goods, act) if not is_plain_yes(text, words)] == []
    assert [text for text in _filled(NO_YES_THAT_NAMES, goods, act) if is_plain_yes(text, words)] == []
