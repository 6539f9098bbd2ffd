"""``python -m shop.show_outbox``: the e-mails that wait to be sent, for developers without a mail server."""

import sys

from shop import outbox
from shop.database import open_session
from shop.errors import ShopUnavailable
from shop.mails import mail_of

SHOWN = 10


def main() -> int:
    """Print the newest messages, the newest last."""
    try:
        with open_session() as session:
            for message in outbox.waiting(session)[-SHOWN:]:
                mail = mail_of(message)
                body = mail.get_body() if mail else None
                words = body.get_content() if body else f"({message.kind}: words are the mail sender's)"
                subject = mail["Subject"] if mail else message.kind
                print(f"--- {message.created_at:%H:%M:%S} to {message.recipient}: {subject}\n{words}")
    except ShopUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
