"""The tables of the shop. ``shop/migrations`` brings a database to this shape.

Money is in pence. Dates and times are UTC. Order numbers are five digits; the shop shows them as ``FH-10432``.
References such as ``RT-1004`` are a table's letters and its row's id (``shop/references.py``).
"""

from shop.models.base import Base, today, utc_now
from shop.models.baskets import BasketRow, PaymentPage
from shop.models.catalogue import Category, Product, StockNotice
from shop.models.customers import Customer, CustomerConversation, CustomerPreferences, DataRequestRecord, Erasure
from shop.models.goodwill import Goodwill
from shop.models.identity import AccountLink, IdentificationAttempt, OneTimeCode
from shop.models.newsletter import Newsletter
from shop.models.orders import MissingParcel, Order, OrderEvent, OrderLine, OrderStatus, Parcel
from shop.models.payments import FraudReport, GiftCardBalance, Payment, PromoCode, Refund
from shop.models.returns import DamageClaim, Return
from shop.models.service import AuditEntry, OutboxMessage, Ticket

__all__ = [
    "Newsletter",
    "AccountLink",
    "AuditEntry",
    "Base",
    "BasketRow",
    "Category",
    "Customer",
    "CustomerConversation",
    "CustomerPreferences",
    "DamageClaim",
    "DataRequestRecord",
    "Erasure",
    "FraudReport",
    "GiftCardBalance",
    "Goodwill",
    "IdentificationAttempt",
    "MissingParcel",
    "OneTimeCode",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderStatus",
    "OutboxMessage",
    "Parcel",
    "Payment",
    "PaymentPage",
    "Product",
    "PromoCode",
    "Refund",
    "Return",
    "StockNotice",
    "Ticket",
    "today",
    "utc_now",
]
